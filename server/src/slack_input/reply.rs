//! What is answered to commands, in Slack's way of writing. Pure.

use crate::{
    actions::Failure,
    slack::message::{Asked, Writing, announcement, escaped, name, nobody, on_duty, pause},
};
use domain::{CallRefusal, Directory, Listing, rota::Zone};
use types::{
    Outlook, OverrideField, OverrideRefusal, PersonId, RotationId, RotationRefusal, Selection, Span,
};

/// Whoever reads more lines than this reads none of them.
const LISTED: usize = 25;

const HELP: &str = "\
*What you can type*
• `/rr`: who is on duty now
• `/rr CODE`: who is on duty in the rotation of this code, until when, and who is next
• `/rr CODE rotate`: has the next one take over
• `/rr CODE set @somebody`: puts one of its members on duty
• `/rr CODE me`: puts you on duty, if you are one of its members
• `/rr CODE cover`: asks the others to cover your next shift; with `@somebody` behind it, one person alone; with `2026-12-24 09:00 to 17:00`, for that time
• `/rr CODE take`: takes what somebody wants cover for
Rotations that follow a schedule or PagerDuty change hands by themselves. Only you see what is answered.";

/// A rotation, and how it is.
pub(super) struct Listed {
    pub(super) id: RotationId,
    pub(super) name: String,
    pub(super) code: Option<String>,
    pub(super) outlook: Outlook,
    pub(super) is_paused: bool,
    /// By which clocks its duty goes, where that is known.
    pub(super) zone: Option<Zone>,
}

impl Listed {
    fn writing<'a>(&'a self, directory: &'a Directory) -> Writing<'a> {
        Writing::new(directory, self.zone.as_ref())
    }
}

/// Answers, with links to pages that `address` makes of paths.
pub(super) struct Reply<'a> {
    address: Box<dyn Fn(&str) -> String + Send + Sync + 'a>,
}

impl<'a> Reply<'a> {
    pub(super) fn new(address: impl Fn(&str) -> String + Send + Sync + 'a) -> Self {
        Self {
            address: Box::new(address),
        }
    }

    fn link(&self, path: &str, text: &str) -> String {
        format!("<{}|{text}>", (self.address)(path))
    }

    fn link_to(&self, listed: &Listed) -> String {
        let code = listed
            .code
            .as_deref()
            .map(|code| format!(" `{}`", escaped(code)));
        let page = format!("/rotations/{}", listed.id);
        self.link(&page, &name(&listed.name)) + &code.unwrap_or_default()
    }

    /// Who is on duty in all rotations that the reader may see.
    pub(super) fn list(&self, listing: &Listing<Listed>, directory: &Directory) -> String {
        if listing.items.is_empty() {
            let all = self.link("/rotations", "Round Robin");
            return format!("There is no rotation that you may see yet. Make one in {all}.");
        }
        let lines = listing.items.iter().take(LISTED).map(|listed| {
            let (outlook, writing) = (&listed.outlook, listed.writing(directory));
            let without = || match listed.is_paused {
                true => "paused".to_owned(),
                false => nobody(outlook, writing),
            };
            let duties = on_duty(outlook, writing).unwrap_or_else(without);
            format!("• {}: {duties}", self.link_to(listed))
        });
        let lines: Vec<_> = lines.collect();
        let all = usize::try_from(listing.counts.of(Selection::All)).unwrap_or(lines.len());
        let left = match all.saturating_sub(lines.len()) {
            0 => String::new(),
            left => {
                let rest = self.link("/rotations", &format!("{left} more"));
                format!("\nAnd {rest}.")
            }
        };
        format!("{}{left}", lines.join("\n"))
    }

    /// Who is on duty in one rotation.
    pub(super) fn shown(&self, listed: &Listed, directory: &Directory) -> String {
        let Listed { name, outlook, .. } = listed;
        let told = pause(name, listed.is_paused, outlook)
            .unwrap_or_else(|| announcement(name, outlook, listed.writing(directory)));
        format!("{told}\n{}", self.link_to(listed))
    }

    pub(super) fn done(&self, shown: &str) -> String {
        format!("Done. {shown}")
    }

    pub(super) fn help(&self) -> String {
        HELP.to_owned()
    }

    pub(super) fn unknown(&self) -> String {
        format!("There is no such command.\n{HELP}")
    }

    pub(super) fn whom(&self, code: &str) -> String {
        let code = escaped(code);
        format!(
            "Slack did not say who is meant. Type the command for `{code}` again, and where the person stands type `@` and choose one person from the list that Slack offers."
        )
    }

    pub(super) fn when(&self, code: &str) -> String {
        let code = escaped(code);
        format!(
            "It is not clear from when until when you want cover. Type `/rr {code} cover 2026-12-24 09:00 to 2026-12-24 17:00` with your times, or `/rr {code} cover` for your next shift."
        )
    }

    /// Why nobody can be covered there, with the schedule at PagerDuty, if its address is known.
    pub(super) fn no_cover(&self, refusal: &OverrideRefusal, schedule: Option<&str>) -> String {
        let why = escaped(&refusal.to_string());
        let schedule = schedule.filter(|_| *refusal == OverrideRefusal::Bound);
        match schedule {
            Some(address) => format!("{why} <{}|Open the schedule>", escaped(address)),
            None => why,
        }
    }

    pub(super) fn no_shift(&self) -> String {
        "You have no shift there that is planned with an end, so there is nothing to cover."
            .to_owned()
    }

    /// `shift` is the next one of whoever asks, where they named no time.
    pub(super) fn cover_asked(
        &self,
        code: &str,
        shift: Option<Span>,
        writing: Writing<'_>,
    ) -> String {
        let code = escaped(code);
        let shift = shift.map(|shift| format!(" {}", writing.during(shift)));
        let shift = shift.unwrap_or_default();
        format!(
            "Cover is asked for{shift}. Nothing changes until somebody takes it: on the page of the rotation, or by `/rr {code} take`."
        )
    }

    /// Why cover is not asked for or taken; what was typed is read in `zone`.
    pub(super) fn cover_refused(&self, refusal: &OverrideRefusal, zone: &str) -> String {
        match refusal {
            OverrideRefusal::Fields(problems) => {
                let why = problems.iter().map(|(field, problem)| match field {
                    OverrideField::Of => {
                        "You are not in this rotation, so there is no shift of yours to cover."
                            .to_owned()
                    }
                    OverrideField::Span(_) => format!("{problem} Times are those of {zone}."),
                    OverrideField::Person => problem.to_string(),
                });
                let why: Vec<_> = why.map(|why| escaped(&why)).collect();
                why.join(" ")
            }
            refusal => escaped(&refusal.to_string()),
        }
    }

    pub(super) fn nothing_to_take(&self, code: &str, which: Option<&str>) -> String {
        let code = escaped(code);
        match which {
            Some(which) => format!(
                "There is no request for cover `{}` any more. `/rr {code} take` says which there are.",
                escaped(which)
            ),
            None => "Nobody asks for cover there that you could give.".to_owned(),
        }
    }

    pub(super) fn cover_taken(&self, asker: &str, span: Span, writing: Writing<'_>) -> String {
        let (asker, span) = (name(asker), writing.during(span));
        format!("Done. You stand in for {asker}: {span}.")
    }

    /// Several want cover.
    pub(super) fn which_to_take(
        &self,
        code: &str,
        several: &[(&str, &str, Span)],
        writing: Writing<'_>,
    ) -> String {
        let code = escaped(code);
        let lines = several.iter().map(|(id, asker, span)| {
            let (id, asker, span) = (escaped(id), name(asker), writing.during(*span));
            format!("\n• `/rr {code} take {id}`: {asker}, {span}")
        });
        let lines: String = lines.collect();
        format!("Cover is wanted more than once. Choose one:{lines}")
    }

    pub(super) fn no_rotation(&self, code: &str) -> String {
        let (code, all) = (escaped(code), self.link("/rotations", "All rotations"));
        format!(
            "There is no rotation with the code `{code}` that you may see. `/rr` lists those that there are, and so does the page {all}."
        )
    }

    pub(super) fn how_to_mention(&self) -> String {
        "Name the code of a rotation after the mention, as in `@Round Robin CODE`. `/rr` lists the codes that there are."
            .to_owned()
    }

    pub(super) fn private(&self, called: &str) -> String {
        format!("{called}\nOnly you see this, since the rotation is private: nobody was told.")
    }

    pub(super) fn private_by_now(&self) -> String {
        "Whoever was called has passed it on. The rotation is private by now, so nobody else was called."
            .to_owned()
    }

    /// Everybody was called, and has passed it on.
    pub(super) fn nobody_left(&self, Asked { rotation, by }: Asked<'_>) -> String {
        let (asker, rotation) = (escaped(by.as_str()), name(rotation));
        format!(
            "<@{asker}>: whoever was called for {rotation} has passed it on, and nobody else takes turns there whom Slack knows. Ask in the channel."
        )
    }

    /// Why what somebody pressed does nothing.
    pub(super) fn not_taken(&self, refusal: &CallRefusal, me: &PersonId) -> String {
        match refusal {
            CallRefusal::NotCalled => {
                "Only those who are called in this message can take it or pass it on.".to_owned()
            }
            CallRefusal::TakenBy(taker) if taker == me => {
                "You see to it already. If you cannot after all, say so in the thread.".to_owned()
            }
            CallRefusal::TakenBy(taker) => {
                format!("<@{}> sees to it already.", escaped(taker.as_str()))
            }
            CallRefusal::PassedAlready => "You have passed it on already.".to_owned(),
        }
    }

    pub(super) fn call_over(&self) -> String {
        "This is too long ago for Round Robin to remember it. Mention it again to call whoever is on duty now."
            .to_owned()
    }

    pub(super) fn refused(&self, refusal: &RotationRefusal) -> String {
        match refusal {
            // Whoever types a name sees no list of members that could be outdated.
            RotationRefusal::NotAMember => {
                "This person is not a member of the rotation. Add them on its page first."
                    .to_owned()
            }
            refusal => escaped(&refusal.to_string()),
        }
    }

    pub(super) fn failure(&self, failure: &Failure) -> String {
        match failure {
            Failure::Denied(denial) => escaped(&denial.to_string()),
            Failure::NotFound => "The rotation is gone, or you may not see it any more.".to_owned(),
            Failure::SignedOut => self.not_admitted(),
            Failure::Stopping => {
                "Round Robin is being started anew. Try again in a minute.".to_owned()
            }
            Failure::Store(_) => format!(
                "Round Robin could not do that just now. Look at {} whether it was done, and try again in a minute.",
                self.link("/rotations", "the rotations")
            ),
        }
    }

    pub(super) fn stranger(&self) -> String {
        "Round Robin does not know you yet. It reads people from Slack every few minutes: try again then, or ask an admin of the workspace whether it is installed."
            .to_owned()
    }

    pub(super) fn not_admitted(&self) -> String {
        "Round Robin is not installed in this workspace any more, or does not serve it, or your account is deactivated. Ask an admin of the workspace."
            .to_owned()
    }

    pub(super) fn installation_ended(&self) -> String {
        escaped(&types::Denial::InstallationEnded.to_string())
    }

    pub(super) fn under_way(&self) -> String {
        "The same command is being done already.".to_owned()
    }

    pub(super) fn nothing_done(&self) -> String {
        "Round Robin did not come to an answer, and nothing was changed. Give the command again."
            .to_owned()
    }

    pub(super) fn broken_off(&self) -> String {
        format!(
            "This command was broken off and may have been done. Look at {}, then give it again if it was not.",
            self.link("/rotations", "the rotations")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Links, listing};
    use types::RotationFilter;

    fn listed(name: &str) -> Listed {
        Listed {
            id: RotationId::new("r1"),
            name: name.to_owned(),
            code: Some("OPS".to_owned()),
            outlook: Outlook::default(),
            is_paused: false,
            zone: None,
        }
    }

    fn told(count: usize) -> String {
        let found = (0..count).map(|_| (domain::Traits::default(), listed("<!here>")));
        let listing = listing(found.collect(), &RotationFilter::default());
        let replies = Reply::new(|path| format!("https://rr{path}"));
        replies.list(&listing, &Directory::new(Vec::new(), Links::new()))
    }

    #[test]
    fn rotations_are_listed_and_nobody_smuggles_a_mention_in() {
        let line =
            "• <https://rr/rotations/r1|\u{2068}&lt;!here&gt;\u{2069}> `OPS`: nobody is on duty";
        assert_eq!(told(1), line);
        assert!(told(0).contains("no rotation that you may see"));
    }

    #[test]
    fn of_very_many_some_are_listed() {
        let told = told(30);
        assert_eq!(told.lines().count(), LISTED + 1);
        assert!(
            told.ends_with("And <https://rr/rotations|5 more>."),
            "{told}"
        );
    }
}
