//! What the product exists for: people, rotations, shifts, and the rules over them: who acts,
//! who may see and change a rotation, whose turn it is, and what a schedule makes of its
//! members. Pure functions over values; the time is a parameter. A crate of its own, with
//! nothing behind it but the types on the wire, so that it cannot reach for the store or a
//! client.

mod access;
mod account;
mod actor;
mod admission;
mod attention;
mod calendar;
mod calling;
mod coverage;
mod crew;
mod duty_group;
mod feed;
mod home;
mod horizon;
mod listing;
mod membership;
mod natural;
mod notices;
mod occurrences;
mod ordering;
mod outage;
mod outlook;
mod people;
mod personal;
mod plan;
mod records;
pub mod rota;
mod rotation;
mod schedule;
mod search;
mod shifts;
mod standing;
pub mod template;
mod topic;
mod turns;
mod undo;

pub use access::{BarToCovering, Relation, bar_to_covering, may_edit, may_see};
pub use account::AccountIdentity;
pub use actor::{Actor, Principal, Through};
pub use admission::Admission;
pub use attention::{Condition, GAPS_TOLD_SECONDS, needs, slack_need, urgency};
pub use calendar::{days, zone};
pub use calling::{Call, CallRefusal, Calling};
pub use coverage::{Past, PastOverride, Record};
pub use crew::{Crew, Duty, Member, holder_of, holder_of_past};
pub use duty_group::{Feed, GroupGoal, GroupPlan, GroupRules, GroupState, GroupWrite, group_plan};
pub use feed::{FEED_AHEAD_SECONDS, FEED_PAST_SECONDS, FeedEvent, FeedRotation, bounded};
pub use home::{Home, SeenRotation, Turn, home};
pub use horizon::{KnownShifts, Window, known_at_least_until, spliced};
pub use listing::{Listing, Traits, listing};
pub use membership::{begun_from, crew_of, difference, going_on, left_out, loss, on_duty};
pub use natural::NaturalKey;
pub use notices::{
    Addressee, Audience, ChangeNotices, KnownPlan, Notice, NoticeKey, Occasion, PlanNotices,
    Subscription, notices_of_change, notices_of_members, notices_of_plan,
};
pub use occurrences::{ChangeOfDuty, Occurrence, ShiftChange, change_of_duty, shift_changes};
pub use ordering::{add_member, add_owner, move_member, remove_member, remove_owner};
pub use outage::{Outage, OutageStep, outage_step};
pub use outlook::{Foresight, begun, coming, joined, note_following, planned};
pub use people::{
    Directory, KnownPerson, Links, Person, PersonChange, SchedulePerson, email_key, link_of,
};
pub use personal::{Audiences, PersonalNotice, quiet_until};
pub use plan::Plan;
pub use records::{RecordChange, missed, record_changes};
pub use rotation::Rotation;
pub use schedule::{ScheduleSnapshot, ScheduleVersion};
pub use search::{find_people, has_every_word, matches};
pub use shifts::{Cause, Shift, is_on_call, next_change};
pub use standing::{Doubt, READABLE_SECONDS, Standing, denials_apart, readable_until};
pub use template::Template;
pub use topic::{
    LastTopic, TopicFacts, TopicStep, is_ours_to_clear, topic, topic_as_read, topic_step,
};
pub use turns::{next_by_hand, rotate, set_on_duty};
pub use undo::{Undo, undo};
