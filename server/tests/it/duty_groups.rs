//! User groups of Slack that hold whoever is on duty, from the choice of the group to who is in it.

use crate::http::browser::Browser;
use crate::support::{
    caller, create, databases, entry, keys,
    slack_output::{Output, holding_those_on_duty, person_named},
    told as told_of, workspace,
};
use app::backend::{Caller, Channels, DutyGroups, Operation, Rotations};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{
    clock,
    slack::{DUTY_GROUP, FRESH},
    slack_output::compare_groups,
    store::{GroupAnswers, group_writer_row},
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use types::{
    AuditAction, DutyGroupView, GROUP_WRITER_SCOPE, GroupChoice, GroupHolds, GroupRefusal,
    GroupTrouble, KeptGroup, NobodyOnDuty, Outcome, PermissionEnd, PermissionRefusal, PersonId,
    Role, RotationId, SlackGroupId, SlackWord, Standby,
};

const GROUP: &str = "S01PLATFORM";
const SCOPES: [&str; 5] = [
    "users:read",
    "usergroups:read",
    "usergroups:write",
    "chat:write",
    "chat:write.public",
];
const TOMAS: (&str, &str) = ("U05TOMASHE", "Tomás Herrera");
const JUERGEN: (&str, &str) = ("U08JUERGEN", "Jürgen Weiß");
const ADA: (&str, &str) = ("U01ADAOKAF", "Ada Okafor");
const WEI: (&str, &str) = ("U07WEIZHAN", "Wei Zhang");
const PRIYA: (&str, &str) = ("U03PRIYARA", "Priya Raman");
const LEILA: (&str, &str) = ("U13LEILAHA", "Leila Haddad");
const MARTA: (&str, &str) = ("U04MARTAKO", "Marta Kowalska");
const WRITE: &str = "usergroups.users.update";

impl Output {
    /// One that may write groups, and knows people of the sandbox.
    async fn with_groups(database: &crate::support::Database) -> Self {
        let output = Self::new(database, &SCOPES).await;
        output.meet(&[TOMAS, JUERGEN, WEI, PRIYA]).await;
        output
    }

    async fn connect(&self, id: &RotationId, confirmed: bool) -> Outcome<(), GroupRefusal> {
        self.connect_with(id, NobodyOnDuty::Keep, confirmed).await
    }

    async fn connect_with(
        &self,
        id: &RotationId,
        when_nobody: NobodyOnDuty,
        confirmed: bool,
    ) -> Outcome<(), GroupRefusal> {
        let chosen = GroupChoice {
            when_nobody,
            ..holding_those_on_duty(SlackGroupId::new(GROUP))
        };
        let connecting =
            self.backend
                .connect_duty_group(&self.caller, id.clone(), chosen, confirmed);
        connecting.await.unwrap()
    }

    async fn shown(&self, id: &RotationId) -> DutyGroupView {
        let group = Some((SlackGroupId::new(GROUP), GroupHolds::OnDuty));
        let asking =
            self.backend
                .duty_group(&self.caller, id.clone(), "platform".to_owned(), group);
        asking.await.unwrap()
    }

    async fn kept(&self, id: &RotationId) -> KeptGroup {
        self.shown(id).await.kept.unwrap()
    }

    async fn write_now(&self, id: &RotationId) {
        let asked = self
            .backend
            .write_duty_group(&self.caller, id.clone())
            .await;
        assert_eq!(asked.unwrap(), Outcome::Done(()));
    }

    async fn group(&self) -> Value {
        self.sandbox.ask(&format!("slack/groups/{GROUP}")).await
    }

    async fn members(&self) -> Vec<String> {
        let group = self.group().await;
        let users = group["users"].as_array().unwrap().iter();
        let mut users: Vec<_> = users
            .map(|user| user.as_str().unwrap().to_owned())
            .collect();
        users.sort();
        users
    }

    /// Waits until exactly these are in the group and nothing more is to be written.
    async fn until_in_it(&self, id: &RotationId, people: &[(&str, &str)]) {
        let expected: Vec<_> = people.iter().map(|(id, _)| *id).collect();
        self.until(
            &format!("{expected:?} should be in the group"),
            async || {
                let is_so = self.members().await == expected && !self.kept(id).await.waiting;
                is_so.then_some(())
            },
        )
        .await;
    }

    async fn until_wrong(&self, id: &RotationId, trouble: GroupTrouble) {
        let words = trouble.to_string();
        self.until(&format!("{words:?} should be said"), async || {
            let told = self.kept(id).await.trouble;
            (told.as_ref() == Some(&words)).then_some(())
        })
        .await;
    }

    async fn calls(&self, method: &str) -> usize {
        let told = self
            .sandbox
            .ask(&format!("slack/calls?method={method}"))
            .await;
        told["calls"].as_array().unwrap().len()
    }

    async fn control_group(&self, path: &str, order: Value) {
        let path = format!("slack/groups/{GROUP}/{path}");
        self.sandbox.control(&path, order).await;
    }
}

#[tokio::test]
async fn a_group_follows_the_rotation_with_one_write_for_each_change_and_before_the_message() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        let shown = output.shown(&id).await;
        let preview = shown.chosen.unwrap();
        let in_it = [JUERGEN.1, PRIYA.1].map(str::to_owned);
        assert_eq!(preview.now.as_deref(), Some(&in_it[..]));
        assert_eq!(preview.then.as_deref(), Some(&[TOMAS.1.to_owned()][..]));
        assert_eq!(preview.taken_out.as_deref(), Some(&in_it[..]));
        assert_eq!((shown.found.len(), shown.more), (1, false));

        assert_eq!(output.connect(&id, false).await, Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS]).await;
        let channel = "C01GENERAL1".to_owned();
        let adding = output
            .backend
            .add_slack_channel(&output.caller, id.clone(), channel);
        assert_eq!(adding.await.unwrap(), Outcome::Done(()));
        output.rotate(&id).await;
        output.until_in_it(&id, &[JUERGEN]).await;
        output
            .until("the change should be announced", async || {
                (output.calls("chat.postMessage").await == 1).then_some(())
            })
            .await;
        assert_eq!(output.calls(WRITE).await, 2);
        let told = output.sandbox.ask("slack/calls").await;
        let calls = told["calls"].as_array().unwrap();
        let last = |method: &str| calls.iter().rposition(|call| call["method"] == method);
        assert!(last(WRITE) < last("chat.postMessage"));
        let kept = output.kept(&id).await;
        assert_eq!(kept.members.as_deref(), Some(&[JUERGEN.1.to_owned()][..]));
        assert!(kept.written_at.is_some() && kept.trouble.is_none());

        // Given up, it stays as it is.
        let left = output
            .backend
            .leave_duty_group(&output.caller, id.clone())
            .await;
        assert_eq!(left.unwrap(), Outcome::Done(()));
        output.rotate(&id).await;
        assert!(output.shown(&id).await.kept.is_none());
        assert_eq!(output.calls(WRITE).await, 2);
        output.end().await;
    }
}

#[tokio::test]
async fn all_members_of_a_rotation_may_be_in_it_and_whoever_joins_or_leaves_is_written_at_once() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let backend = &output.backend;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        let group = SlackGroupId::new(GROUP);
        let wanted = Some((group.clone(), GroupHolds::Members));
        let looking = backend.duty_group(&output.caller, id.clone(), String::new(), wanted);
        let preview = looking.await.unwrap().chosen.unwrap();
        assert_eq!(preview.holds, GroupHolds::Members);
        let both = [JUERGEN.1, TOMAS.1].map(str::to_owned);
        assert_eq!(preview.then.as_deref(), Some(&both[..]));
        assert_eq!(preview.taken_out, Some(vec![PRIYA.1.to_owned()]));
        let choice = GroupChoice {
            holds: GroupHolds::Members,
            ..holding_those_on_duty(group)
        };
        let connecting = backend.connect_duty_group(&output.caller, id.clone(), choice, false);
        assert_eq!(connecting.await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS, JUERGEN]).await;
        assert_eq!(output.kept(&id).await.holds, GroupHolds::Members);

        // Whoever is on duty is in it anyway.
        let writes = output.calls(WRITE).await;
        output.rotate(&id).await;
        output.until_in_it(&id, &[TOMAS, JUERGEN]).await;
        assert_eq!(output.calls(WRITE).await, writes);
        let adding = backend.add_members(&output.caller, id.clone(), vec![PersonId::new(WEI.0)]);
        assert!(adding.await.unwrap().done().is_some());
        output.until_in_it(&id, &[TOMAS, WEI, JUERGEN]).await;
        let key = types::MemberKey::of_person(&PersonId::new(TOMAS.0));
        let removing = backend.remove_member(&output.caller, id.clone(), key);
        assert!(removing.await.unwrap().done().is_some());
        output.until_in_it(&id, &[WEI, JUERGEN]).await;
        assert_eq!(output.calls(WRITE).await, writes + 2);

        let setting =
            backend.set_group_holds(&output.caller, id.clone(), GroupHolds::OnDuty, false);
        assert_eq!(setting.await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[JUERGEN]).await;
        output.end().await;
    }
}

#[tokio::test]
async fn whom_a_group_holds_is_chosen_of_the_group_that_is_connected_and_with_a_yes_for_many() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let many = [TOMAS, JUERGEN, WEI, PRIYA, ADA, LEILA, MARTA];
        output.meet(&many).await;
        let (backend, caller) = (&output.backend, &output.caller);
        let id = output.by_hand("Ops", &many).await;
        let choice = |holds| GroupChoice {
            holds,
            ..holding_those_on_duty(SlackGroupId::new(GROUP))
        };
        assert_eq!(output.connect(&id, false).await, Outcome::Done(()));
        // Somebody who chose otherwise connects the same one.
        let all = choice(GroupHolds::Members);
        let again = backend.connect_duty_group(caller, id.clone(), all, false);
        assert_eq!(again.await.unwrap(), Outcome::Done(()));
        assert_eq!(output.kept(&id).await.holds, GroupHolds::Members);
        output
            .until("all should be in it", async || {
                (output.members().await.len() == many.len()).then_some(())
            })
            .await;

        let back =
            |confirmed| backend.set_group_holds(caller, id.clone(), GroupHolds::OnDuty, confirmed);
        let asked = Outcome::Refused(GroupRefusal::TakesOut { count: 6 });
        assert_eq!(back(false).await.unwrap(), asked);
        assert_eq!(output.kept(&id).await.holds, GroupHolds::Members);
        assert_eq!(back(true).await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS]).await;

        // Somebody else had the page open before, and has not seen that one is connected.
        let other = GroupChoice {
            group: SlackGroupId::new("S02PAYMENTS"),
            ..choice(GroupHolds::OnDuty)
        };
        let connected = backend.connect_duty_group(caller, id.clone(), other, true);
        let meanwhile = || Outcome::Refused(GroupRefusal::ConnectedMeanwhile);
        assert_eq!(connected.await.unwrap(), meanwhile());
        let made = ("another-one".to_owned(), NobodyOnDuty::Keep);
        let made = backend.make_duty_group(caller, id.clone(), made).await;
        assert_eq!(made.unwrap(), meanwhile());
        assert_eq!(output.calls("usergroups.create").await, 0);
        assert_eq!(output.kept(&id).await.id.as_str(), GROUP);

        let left = backend.leave_duty_group(caller, id.clone()).await;
        assert_eq!(left.unwrap(), Outcome::Done(()));
        let gone = Outcome::Refused(GroupRefusal::NotConnected);
        assert_eq!(back(true).await.unwrap(), gone);
        assert!(output.shown(&id).await.kept.is_none());
        output.end().await;
    }
}

#[tokio::test]
async fn of_two_who_make_a_group_at_once_the_later_one_is_told_that_theirs_is_there_too() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS]).await;
        let (backend, caller) = (&output.backend, &output.caller);
        let made = |handle: &str| {
            let made = (handle.to_owned(), NobodyOnDuty::Keep);
            backend.make_duty_group(caller, id.clone(), made)
        };
        // Neither is connected before both have looked.
        let late = json!({
            "side": "slack", "path": "/api/usergroups.create", "delay_ms": 2000, "after": true
        });
        output.sandbox.control("faults", late).await;
        let handles = ["ops-one", "ops-two"];
        let (one, two) = tokio::join!(made(handles[0]), made(handles[1]));
        let kept = output.kept(&id).await.handle;
        let other = *handles.iter().find(|handle| **handle != kept).unwrap();
        let refused = GroupRefusal::MadeMeanwhile {
            handle: other.to_owned(),
        };
        let expected = match kept == handles[0] {
            true => (Outcome::Done(()), Outcome::Refused(refused)),
            false => (Outcome::Refused(refused), Outcome::Done(())),
        };
        assert_eq!((one.unwrap(), two.unwrap()), expected);
        // The way out that it names.
        let left = backend.leave_duty_group(caller, id.clone()).await;
        assert_eq!(left.unwrap(), Outcome::Done(()));
        let found = backend.duty_group(caller, id.clone(), other.to_owned(), None);
        let found = found.await.unwrap().found;
        let [group] = &found[..] else {
            panic!("{found:?}");
        };
        let chosen = holding_those_on_duty(group.id.clone());
        let connected = backend.connect_duty_group(caller, id.clone(), chosen, false);
        assert_eq!(connected.await.unwrap(), Outcome::Done(()));
        output.end().await;
    }
}

#[tokio::test]
async fn who_is_in_the_group_and_cannot_be_keeps_nobody_out_who_always_is_in_it() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[TOMAS]).await;
        let key = types::MemberKey::new(format!("slack:{}", TOMAS.0));
        let removed = output
            .backend
            .remove_member(&output.caller, id.clone(), key)
            .await;
        assert!(removed.unwrap().done().is_some());
        let order = json!({"users": [TOMAS.0, PRIYA.0], "by": WEI.0});
        output.control_group("users", order).await;
        let gone = format!("slack/people/{}/deactivate", PRIYA.0);
        output.sandbox.control(&gone, json!({})).await;
        let whom = (Standby::Permanent, PersonId::new(WEI.0));
        let set = output
            .backend
            .set_standby(&output.caller, id.clone(), whom, true, false);
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        output
            .until("Wei should be in it too", async || {
                let members = output.members().await;
                let is_so = members.contains(&WEI.0.to_owned()) && !output.kept(&id).await.waiting;
                is_so.then_some(())
            })
            .await;
        assert_eq!(output.kept(&id).await.trouble, None);
        output.end().await;
    }
}

#[tokio::test]
async fn rotations_that_feed_one_group_are_written_together() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let first = output.by_hand("First", &[TOMAS, PRIYA]).await;
        let second = output.by_hand("Second", &[JUERGEN, WEI]).await;
        output.connect(&first, false).await;
        output.until_in_it(&first, &[TOMAS]).await;
        output.connect(&second, false).await;
        output.until_in_it(&first, &[TOMAS, JUERGEN]).await;
        assert!(output.kept(&first).await.is_shared);

        // While Slack wants to be left alone, both change.
        let busy = json!({
            "side": "slack", "path": format!("/api/{WRITE}"), "status": 429, "times": 1,
            "headers": {"retry-after": "1"},
        });
        output.sandbox.fault(busy).await;
        output.rotate(&first).await;
        output.rotate(&second).await;
        output.until_in_it(&first, &[PRIYA, WEI]).await;
        let writes = output.calls(WRITE).await;
        assert!(writes <= 4, "{writes} writes for two changes");

        let left = output
            .backend
            .leave_duty_group(&output.caller, first.clone())
            .await;
        assert_eq!(left.unwrap(), Outcome::Done(()));
        output.until_in_it(&second, &[WEI]).await;
        output.end().await;
    }
}

#[tokio::test]
async fn who_edits_a_group_by_hand_is_named_it_is_mended_and_nothing_is_written_at_rest() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[TOMAS]).await;
        let order = json!({"users": [WEI.0, TOMAS.0], "by": PRIYA.0});
        output.control_group("users", order).await;
        compare_groups(&output.services).await.unwrap();
        output.until_in_it(&id, &[TOMAS]).await;
        let edited = output.kept(&id).await.edited.unwrap();
        assert_eq!(edited.1.as_deref(), Some(PRIYA.1));

        let (writes, reads) = (output.calls(WRITE).await, output.calls("usergroups.").await);
        for _ in 0..3 {
            compare_groups(&output.services).await.unwrap();
        }
        assert_eq!(output.calls(WRITE).await, writes);
        assert_eq!(output.calls("usergroups.").await, reads + 3);
        assert!(!output.kept(&id).await.waiting);
        output.end().await;
    }
}

#[tokio::test]
async fn what_slack_refuses_is_said_with_the_way_out_and_is_not_tried_in_a_circle() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[TOMAS]).await;
        for (setting, value, back, trouble) in [
            (
                "group_editors",
                "admins",
                "everyone",
                GroupTrouble::AdminsOnly,
            ),
            ("plan", "free", "paid", GroupTrouble::FreePlan),
        ] {
            let set = async |value: &str| {
                let order = json!({setting: value});
                output.sandbox.control("slack/settings", order).await;
            };
            let before = output.members().await;
            set(value).await;
            output.rotate(&id).await;
            output.until_wrong(&id, trouble).await;
            let tried = output.calls(WRITE).await;
            compare_groups(&output.services).await.unwrap();
            assert!(!output.kept(&id).await.waiting);
            assert_eq!(output.calls(WRITE).await, tried);
            assert_eq!(output.members().await, before);
            set(back).await;
            output.write_now(&id).await;
            let after = match before[0] == TOMAS.0 {
                true => JUERGEN,
                false => TOMAS,
            };
            output.until_in_it(&id, &[after]).await;
            assert_eq!(output.kept(&id).await.trouble, None);
        }
        output.end().await;
    }
}

impl Output {
    /// Has somebody let Round Robin edit groups in their own name, at Slack.
    async fn lend(&self, (person, _): (&str, &str)) {
        let credentials = self.sandbox.ask("credentials").await;
        let app = |name: &str| credentials["slack"][name].as_str().unwrap().to_owned();
        let callback = "http://127.0.0.1:3000/api/auth/slack/callback";
        let asked = [
            ("client_id", app("client_id")),
            ("client_secret", app("client_secret")),
            ("user_scope", GROUP_WRITER_SCOPE.to_owned()),
            ("redirect_uri", callback.to_owned()),
            ("state", "s".to_owned()),
            ("decision", "allow".to_owned()),
        ];
        let posted = async |path: &str, more: &[(&str, String)]| {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(asked.iter().chain(more));
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::COOKIE, format!("sandbox_person={person}"))
                .body(Body::from(form.finish()))
                .unwrap();
            self.sandbox.answer(request).await
        };
        let allowed = posted("/slack/oauth/v2/authorize", &[]).await;
        let back = allowed.headers()[header::LOCATION].to_str().unwrap();
        let back = url::Url::parse(back).unwrap();
        let (_, code) = back.query_pairs().find(|(name, _)| name == "code").unwrap();
        let code = ("code", code.into_owned());
        let told = posted("/slack/api/oauth.v2.access", &[code]).await;
        let told = axum::body::to_bytes(told.into_body(), 10_000)
            .await
            .unwrap();
        let told: Value = serde_json::from_slice(&told).unwrap();
        let token = told["authed_user"]["access_token"].as_str().unwrap();
        let row = group_writer_row(&workspace());
        let sealed = keys().seal(&SecretString::from(token), &row);
        let entry = entry(AuditAction::LentGroupPermission);
        let (store, person) = (&self.services.store, PersonId::new(person));
        let saving = store.save_group_writer(&person, &sealed, &entry);
        saving.await.unwrap();
    }

    /// Has Slack told that somebody has this role by now.
    async fn has_role(&self, (id, _): (&str, &str), role: Role) {
        let (store, workspace) = (&self.services.store, workspace());
        let directory = store.directory(&workspace).await.unwrap();
        let mut people = directory.people().to_vec();
        for person in people.iter_mut().filter(|one| one.id.as_str() == id) {
            person.role = role;
        }
        crate::support::directory_read(store, &people, server::clock::now()).await;
    }

    async fn writer(&self) -> Option<(String, Option<PermissionEnd>)> {
        let settings = self.backend.slack_settings(&self.caller).await.unwrap();
        let writer = settings.group_writer?;
        Some((writer.name, writer.ended))
    }

    /// By whom each call of a method was made.
    async fn callers(&self, method: &str) -> Vec<String> {
        let path = format!("slack/calls?method={method}");
        let told = self.sandbox.ask(&path).await;
        let calls = told["calls"].as_array().unwrap().iter();
        let by = calls.map(|call| call["user"].as_str().unwrap_or_default().to_owned());
        by.collect()
    }
}

#[tokio::test]
async fn where_only_admins_may_edit_groups_one_lends_their_permission_for_that_alone() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        output.meet(&[TOMAS, JUERGEN, WEI, PRIYA, ADA]).await;
        output.has_role(ADA, Role::Admin).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        let only_admins = json!({"group_editors": "admins"});
        output.sandbox.control("slack/settings", only_admins).await;
        output.connect(&id, false).await;
        output.until_wrong(&id, GroupTrouble::AdminsOnly).await;
        assert_eq!(output.writer().await, None);

        output.lend(ADA).await;
        assert_eq!(output.writer().await, Some((ADA.1.to_owned(), None)));
        output.write_now(&id).await;
        output.until_in_it(&id, &[TOMAS]).await;
        assert_eq!(output.kept(&id).await.trouble, None);
        assert_eq!(output.callers(WRITE).await.last().unwrap(), ADA.0);
        let readers = output.callers("usergroups.list").await;
        assert!(!readers.contains(&ADA.0.to_owned()));

        // Slack ends it, and has to say so twice: the bot may not, and that is said.
        let whose = json!({"person": ADA.0});
        let revoked = output.sandbox.control("slack/user-tokens/revoke", whose);
        revoked.await;
        output.rotate(&id).await;
        output.until_wrong(&id, GroupTrouble::LentRefused).await;
        assert_eq!(output.writer().await, Some((ADA.1.to_owned(), None)));
        let settings = output.backend.slack_settings(&output.caller).await;
        assert!(settings.unwrap().group_writer.unwrap().refused_at.is_some());
        let cookie = crate::support::cookie(&output.services.store).await;
        let (name, value) = cookie.split_once('=').unwrap();
        let mut ann = Browser::new(&output.services).with_cookie(name, value);
        let page = ann.open("/settings/slack").await.body;
        assert!(page.contains("Slack refused it"), "{page}");
        let long_ago = "update group_writers set denied_at = 1";
        database.execute(long_ago).await;
        output.write_now(&id).await;
        output.until_wrong(&id, GroupTrouble::AdminsOnly).await;
        let ended = PermissionEnd::Refused(SlackWord::parse("token_revoked").unwrap());
        assert_eq!(output.writer().await, Some((ADA.1.to_owned(), Some(ended))));

        output.lend(ADA).await;
        output.write_now(&id).await;
        output.until_in_it(&id, &[JUERGEN]).await;
        let taken = output.backend.take_back_permission(&output.caller).await;
        assert_eq!(taken.unwrap(), Outcome::Done(()));
        assert_eq!(output.writer().await, None);
        let told = output.sandbox.ask("slack/user-tokens").await;
        let tokens = told["tokens"].as_array().unwrap();
        assert!(tokens.iter().all(|token| token["live"] == false), "{told}");
        let again = output.backend.take_back_permission(&output.caller).await;
        let refused = Outcome::Refused(PermissionRefusal::NotLent);
        assert_eq!(again.unwrap(), refused);
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_administers_no_more_lends_nothing_until_they_do_again() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        output.meet(&[TOMAS, JUERGEN, WEI, PRIYA, ADA]).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        let only_admins = json!({"group_editors": "admins"});
        output.sandbox.control("slack/settings", only_admins).await;
        output.lend(ADA).await;
        let ended = Some((ADA.1.to_owned(), Some(PermissionEnd::NoAdmin)));
        assert_eq!(output.writer().await, ended);
        output.connect(&id, false).await;
        output.until_wrong(&id, GroupTrouble::LenderNoAdmin).await;
        assert!(!output.callers(WRITE).await.contains(&ADA.0.to_owned()));
        output.has_role(ADA, Role::Admin).await;
        output.write_now(&id).await;
        output.until_in_it(&id, &[TOMAS]).await;
        assert_eq!(output.writer().await, Some((ADA.1.to_owned(), None)));
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_is_deactivated_lends_nothing_any_more() {
    let database = crate::support::sqlite();
    let output = Output::with_groups(&database).await;
    output.meet(&[TOMAS, JUERGEN, WEI, PRIYA, ADA]).await;
    let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
    output.lend(ADA).await;
    let (store, workspace) = (&output.services.store, workspace());
    let directory = store.directory(&workspace).await.unwrap();
    let mut people = directory.people().to_vec();
    for person in people.iter_mut().filter(|person| person.name == ADA.1) {
        (person.deactivated, person.role) = (true, Role::Admin);
    }
    crate::support::directory_read(store, &people, server::clock::now()).await;
    let ended = Some((ADA.1.to_owned(), Some(PermissionEnd::Deactivated)));
    assert_eq!(output.writer().await, ended);
    output.connect(&id, false).await;
    output.until_in_it(&id, &[TOMAS]).await;
    assert!(!output.callers(WRITE).await.contains(&ADA.0.to_owned()));
    assert_eq!(output.writer().await, ended);
    let writer = store.group_writer(&workspace).await.unwrap().unwrap();
    // Whoever comes back lends it still.
    assert!(writer.token_sealed.is_some());

    // Without JavaScript, too, it is said and forgotten.
    let cookie = crate::support::cookie(store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut ann = Browser::new(&output.services).with_cookie(name, value);
    let page = ann.open("/settings/slack").await;
    for words in ["Not used", "is deactivated", "allow=own_group_writes"] {
        assert!(page.body.contains(words), "{words:?} in {}", page.body);
    }
    let (path, form) = ("/rpc/take_back_permission", "change=a");
    let answer = ann.submit(path, form, "/settings/slack").await;
    assert!(answer.status.is_redirection(), "{}", answer.body);
    assert_eq!(output.writer().await, None);
    let told = output.sandbox.ask("slack/user-tokens").await;
    let tokens = told["tokens"].as_array().unwrap();
    assert!(tokens.iter().all(|token| token["live"] == false), "{told}");
    output.end().await;
}

#[tokio::test]
async fn whoever_slack_does_not_take_keeps_nobody_else_out() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[JUERGEN]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[JUERGEN]).await;
        for (person, _) in [WEI, JUERGEN] {
            let shown = json!({"team_id": "T1"});
            let path = format!("slack/people/{person}/show-as");
            output.sandbox.control(&path, shown).await;
        }
        let gone = format!("slack/people/{}/deactivate", WEI.0);
        output.sandbox.control(&gone, json!({})).await;
        let whom = (Standby::Permanent, PersonId::new(WEI.0));
        let set = output
            .backend
            .set_standby(&output.caller, id.clone(), whom, true, false);
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[JUERGEN]).await;
        let kept = output.kept(&id).await;
        assert_eq!((kept.trouble, kept.permanent.len()), (None, 1));
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_asks_on_whom_slack_means_asks_about_nobody_twice() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        let chosen = GroupChoice {
            holds: GroupHolds::Members,
            ..holding_those_on_duty(SlackGroupId::new(GROUP))
        };
        let (backend, caller) = (&output.backend, &output.caller);
        let connected = backend.connect_duty_group(caller, id.clone(), chosen, true);
        assert_eq!(connected.await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS, JUERGEN]).await;
        for (person, _) in [WEI, TOMAS, JUERGEN] {
            let shown = json!({"team_id": "T1"});
            let path = format!("slack/people/{person}/show-as");
            output.sandbox.control(&path, shown).await;
        }
        let gone = format!("slack/people/{}/deactivate", WEI.0);
        output.sandbox.control(&gone, json!({})).await;
        // A server that is gone has asked about one of them.
        let (store, group) = (&output.services.store, SlackGroupId::new(GROUP));
        let answers = GroupAnswers {
            able: [PersonId::new(TOMAS.0)].into(),
            ..GroupAnswers::default()
        };
        let workspace = workspace();
        let noted = store.note_asked(&workspace, &group, Some(&answers));
        noted.await.unwrap();
        let kept = async || {
            let group = store.duty_group(&workspace, DUTY_GROUP, &group);
            group.await.unwrap().unwrap().asked
        };
        assert_eq!(kept().await, answers);
        let before = output.calls("users.info").await;
        let whom = (Standby::Permanent, PersonId::new(WEI.0));
        let set = backend.set_standby(caller, id.clone(), whom, true, false);
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS, JUERGEN]).await;
        assert_eq!(output.calls("users.info").await - before, 2);
        // It is settled, and what was told long ago counts no more.
        assert_eq!(kept().await, GroupAnswers::default());
        let noted = store.note_asked(&workspace, &group, Some(&answers));
        noted.await.unwrap();
        let mut other = AnyConnection::connect(&database.url).await.unwrap();
        let earlier = "update duty_groups set asked_at = asked_at - 7200000";
        other.execute(earlier).await.unwrap();
        other.close().await.unwrap();
        assert_eq!(kept().await, GroupAnswers::default());
        output.end().await;
    }
}

#[tokio::test]
async fn whom_slack_takes_by_now_is_put_into_the_group_without_anybody_asking() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        for (person, _) in [WEI, JUERGEN] {
            let path = format!("slack/people/{person}/show-as");
            output
                .sandbox
                .control(&path, json!({"team_id": "T1"}))
                .await;
        }
        let id = output.by_hand("Ops", &[JUERGEN, WEI]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[JUERGEN]).await;
        let role = |role: &str| {
            let (path, role) = (format!("slack/people/{}/role", WEI.0), role.to_owned());
            let sandbox = &output.sandbox;
            async move { sandbox.control(&path, json!({"role": role})).await }
        };
        role("guest").await;
        let whom = (Standby::Permanent, PersonId::new(WEI.0));
        let always = output
            .backend
            .set_standby(&output.caller, id.clone(), whom, true, false);
        assert_eq!(always.await.unwrap(), Outcome::Done(()));
        let not_taken = async || {
            let store = &output.services.store;
            let groups = store.duty_groups(&workspace(), DUTY_GROUP).await.unwrap();
            let [group] = &groups[..] else {
                panic!("one group is kept");
            };
            let people = (&group.rules.not_taken, &group.doubted);
            [people.0.len(), people.1.len()]
        };
        output
            .until("it should be known whom Slack does not take", async || {
                (not_taken().await == [1, 0]).then_some(())
            })
            .await;
        output.until_in_it(&id, &[JUERGEN]).await;

        // A guest is one still after an hour, whose list is written without them again.
        let after_an_hour = async || {
            let mut other = AnyConnection::connect(&database.url).await.unwrap();
            let earlier = "update duty_groups set not_taken_at = not_taken_at - 3600000";
            other.execute(earlier).await.unwrap();
            other.close().await.unwrap();
            assert_eq!(not_taken().await, [0, 1]);
            compare_groups(&output.services).await.unwrap();
        };
        after_an_hour().await;
        output
            .until("they should not be taken still", async || {
                (not_taken().await == [1, 0]).then_some(())
            })
            .await;
        output.until_in_it(&id, &[JUERGEN]).await;
        role("member").await;
        after_an_hour().await;
        output.until_in_it(&id, &[WEI, JUERGEN]).await;
        assert_eq!(not_taken().await, [0, 0]);
        assert_eq!(output.kept(&id).await.trouble, None);
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_slack_tells_of_by_their_other_id_is_in_the_group() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[TOMAS]).await;
        let mut tomas = told_of(&person_named(TOMAS), clock::now());
        tomas.person.other_id = Some(PersonId::new("W05TOMASHE"));
        let store = &output.services.store;
        store.save_told(&workspace(), &[tomas]).await.unwrap();
        let mut group = output.group().await;
        group["users"] = json!(["W05TOMASHE"]);
        group["updated_by"] = json!("W05TOMASHE");
        group["date_delete"] = json!(0);
        group["is_external"] = json!(false);
        output
            .sandbox
            .fault(json!({
                "side": "slack", "path": "/api/usergroups.list", "fields": {"usergroups": [group]},
            }))
            .await;
        let writes = output.calls(WRITE).await;
        for _ in 0..2 {
            compare_groups(&output.services).await.unwrap();
        }
        output.write_now(&id).await;
        output
            .until("nothing should be left to write", async || {
                (!output.kept(&id).await.waiting).then_some(())
            })
            .await;
        let kept = output.kept(&id).await;
        assert_eq!((kept.trouble, kept.edited), (None, None));
        assert_eq!(kept.members.as_deref(), Some(&[TOMAS.1.to_owned()][..]));
        assert_eq!(output.calls(WRITE).await, writes);
        output.end().await;
    }
}

#[tokio::test]
async fn where_the_list_leaves_out_who_is_in_a_group_slack_is_asked_about_that_one() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[TOMAS]).await;
        let mut group = output.group().await;
        group["users"] = Value::Null;
        group["updated_by"] = json!(WEI.0);
        group["date_delete"] = json!(0);
        group["is_external"] = json!(false);
        output
            .sandbox
            .fault(json!({
                "side": "slack", "path": "/api/usergroups.list", "fields": {"usergroups": [group]},
            }))
            .await;
        assert_eq!(output.calls("usergroups.users.list").await, 0);
        // What it told last is believed for so long.
        tokio::time::sleep(FRESH).await;
        output.rotate(&id).await;
        output.until_in_it(&id, &[JUERGEN]).await;
        assert_eq!(output.kept(&id).await.trouble, None);
        assert!(output.calls("usergroups.users.list").await > 0);
        output.end().await;
    }
}

#[tokio::test]
async fn that_slack_does_not_tell_of_its_groups_is_said_with_since_when() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        output.connect(&id, false).await;
        output.until_in_it(&id, &[TOMAS]).await;
        let deaf = json!({"side": "slack", "path": "/api/usergroups.list", "status": 503});
        output.sandbox.fault(deaf).await;
        compare_groups(&output.services).await.unwrap();
        let kept = output.kept(&id).await;
        assert_eq!(kept.trouble, Some(GroupTrouble::Waiting.to_string()));
        let since = kept.trouble_since.unwrap();
        compare_groups(&output.services).await.unwrap();
        assert_eq!(output.kept(&id).await.trouble_since, Some(since));

        // It is written as soon as Slack answers, whenever that was tried last.
        output.sandbox.clear_faults().await;
        let order = json!({"users": [WEI.0], "by": PRIYA.0});
        output.control_group("users", order).await;
        compare_groups(&output.services).await.unwrap();
        output.until_in_it(&id, &[TOMAS]).await;
        let kept = output.kept(&id).await;
        assert_eq!((kept.trouble, kept.trouble_since), (None, None));
        output.end().await;
    }
}

#[tokio::test]
async fn what_was_done_by_half_or_without_an_answer_is_brought_right() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        let whom = (Standby::Permanent, PersonId::new(WEI.0));
        output.connect(&id, false).await;
        let set = output
            .backend
            .set_standby(&output.caller, id.clone(), whom, true, false);
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS, WEI]).await;
        output.control_group("half-fail", json!({})).await;
        output.rotate(&id).await;
        output.until_in_it(&id, &[WEI, JUERGEN]).await;
        let done_unheard = json!({
            "side": "slack", "path": format!("/api/{WRITE}"), "body": "reset", "times": 1,
        });
        output.sandbox.fault(done_unheard).await;
        let writes = output.calls(WRITE).await;
        output.rotate(&id).await;
        output.until_in_it(&id, &[TOMAS, WEI]).await;
        assert_eq!(output.calls(WRITE).await, writes + 1);
        assert_eq!(output.kept(&id).await.trouble, None);
        output.end().await;
    }
}

#[tokio::test]
async fn taking_out_more_than_five_is_asked() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS]).await;
        let many = [
            "U01ADAOKAF",
            "U02HENRIKL",
            "U03PRIYARA",
            "U04MARTAKO",
            "U09OLIVIAB",
            "U10DIEGOFU",
        ];
        output.control_group("users", json!({"users": many})).await;
        let refused = output.connect(&id, false).await;
        let count = u32::try_from(many.len()).unwrap();
        assert_eq!(refused, Outcome::Refused(GroupRefusal::TakesOut { count }));
        assert!(output.shown(&id).await.kept.is_none());
        assert_eq!(output.connect(&id, true).await, Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS]).await;
        output.end().await;
    }
}

#[tokio::test]
async fn what_is_not_known_of_a_group_is_asked_and_not_taken_for_nothing() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS]).await;
        assert_eq!(output.connect(&id, false).await, Outcome::Done(()));
        output.until_in_it(&id, &[TOMAS]).await;
        // Nobody here knows what it was like, and Slack does not say.
        database
            .execute("update duty_groups set members = null, disabled = null")
            .await;
        let deaf = json!({"side": "slack", "path": "/api/usergroups.list", "status": 503});
        // What it told last is believed for so long.
        tokio::time::sleep(FRESH).await;
        output.sandbox.control("faults", deaf).await;
        let asked = Outcome::Refused(GroupRefusal::TakesOutUnknown);
        let (backend, caller) = (&output.backend, &output.caller);
        for (confirmed, answer) in [(false, asked), (true, Outcome::Done(()))] {
            let holds = GroupHolds::Members;
            let set = backend.set_group_holds(caller, id.clone(), holds, confirmed);
            assert_eq!(set.await.unwrap(), answer);
            let whom = (Standby::Permanent, PersonId::new(WEI.0));
            let set = backend.set_standby(caller, id.clone(), whom, true, confirmed);
            assert_eq!(set.await.unwrap(), answer);
        }
        output.end().await;
    }
}

impl Output {
    /// A rotation without anybody, whose group of seven people stays as it is for now.
    async fn with_seven_and_nobody(
        database: &crate::support::Database,
        when_nobody: NobodyOnDuty,
    ) -> (Self, RotationId) {
        let output = Self::with_groups(database).await;
        let many = [TOMAS, JUERGEN, WEI, PRIYA, ADA, LEILA, MARTA];
        output.meet(&many).await;
        let id = create(&output.services.store, "Ops").await;
        let users = many.map(|(id, _)| id);
        output.control_group("users", json!({"users": users})).await;
        let connected = output.connect_with(&id, when_nobody, false).await;
        assert_eq!(connected, Outcome::Done(()));
        (output, id)
    }

    async fn have_wei_stand_in(
        &self,
        id: &RotationId,
        confirmed: bool,
    ) -> Outcome<(), GroupRefusal> {
        let whom = (Standby::Fallback, PersonId::new(WEI.0));
        let set = self
            .backend
            .set_standby(&self.caller, id.clone(), whom, true, confirmed);
        set.await.unwrap()
    }
}

#[tokio::test]
async fn what_becomes_of_a_group_while_nobody_is_on_duty_takes_out_many_only_with_a_yes() {
    let asked = || Outcome::Refused(GroupRefusal::TakesOut { count: 6 });
    for database in databases().await {
        let (output, id) = Output::with_seven_and_nobody(&database, NobodyOnDuty::Keep).await;
        let stands_in = output.have_wei_stand_in(&id, false).await;
        assert_eq!(stands_in, Outcome::Done(()));
        for (confirmed, answer) in [(false, asked()), (true, Outcome::Done(()))] {
            let (chosen, id) = (NobodyOnDuty::Fallback, id.clone());
            let (backend, caller) = (&output.backend, &output.caller);
            let set = backend.set_when_nobody(caller, id, chosen, confirmed);
            assert_eq!(set.await.unwrap(), answer);
        }
        output.until_in_it(&id, &[WEI]).await;
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_comes_to_stand_in_first_takes_the_place_of_many_only_with_a_yes() {
    let asked = || Outcome::Refused(GroupRefusal::TakesOut { count: 6 });
    for database in databases().await {
        let (output, id) = Output::with_seven_and_nobody(&database, NobodyOnDuty::Fallback).await;
        for (confirmed, answer) in [(false, asked()), (true, Outcome::Done(()))] {
            assert_eq!(output.have_wei_stand_in(&id, confirmed).await, answer);
        }
        output.until_in_it(&id, &[WEI]).await;
        output.end().await;
    }
}

#[tokio::test]
async fn while_nobody_is_on_duty_the_group_is_as_was_chosen() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS]).await;
        output.connect_with(&id, NobodyOnDuty::Disable, false).await;
        output.until_in_it(&id, &[TOMAS]).await;
        let key = types::MemberKey::new(format!("slack:{}", TOMAS.0));
        let removed = output
            .backend
            .remove_member(&output.caller, id.clone(), key)
            .await;
        assert!(removed.unwrap().done().is_some());
        output
            .until("the handle should be disabled", async || {
                (output.group().await["disabled"] == true).then_some(())
            })
            .await;
        let whom = (Standby::Fallback, PersonId::new(WEI.0));
        let set = output
            .backend
            .set_standby(&output.caller, id.clone(), whom, true, false);
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        let chosen = output.backend.set_when_nobody(
            &output.caller,
            id.clone(),
            NobodyOnDuty::Fallback,
            false,
        );
        assert_eq!(chosen.await.unwrap(), Outcome::Done(()));
        output.until_in_it(&id, &[WEI]).await;
        assert_eq!(output.group().await["disabled"], false);
        output.end().await;
    }
}

#[tokio::test]
async fn a_group_is_made_where_its_handle_is_free() {
    for database in databases().await {
        let output = Output::with_groups(&database).await;
        let id = output.by_hand("Ops", &[TOMAS]).await;
        for (handle, refusal) in [
            ("On Call", GroupRefusal::BadHandle),
            ("platform-oncall", GroupRefusal::HandleTaken),
        ] {
            let made = (handle.to_owned(), NobodyOnDuty::Keep);
            let making = output
                .backend
                .make_duty_group(&output.caller, id.clone(), made);
            assert_eq!(making.await.unwrap(), Outcome::Refused(refusal));
        }
        let made = ("@ops-oncall".to_owned(), NobodyOnDuty::Keep);
        let making = output
            .backend
            .make_duty_group(&output.caller, id.clone(), made);
        assert_eq!(making.await.unwrap(), Outcome::Done(()));
        output
            .until("the group should hold who is on duty", async || {
                let kept = output.kept(&id).await;
                let members = kept.members.unwrap_or_default();
                (kept.handle == "ops-oncall" && members == [TOMAS.1]).then_some(())
            })
            .await;
        output.end().await;
    }
}

#[tokio::test]
async fn a_group_is_chosen_without_javascript_by_those_who_may_edit() {
    let database = crate::support::sqlite();
    let output = Output::with_groups(&database).await;
    let id = output.by_hand("Ops", &[TOMAS]).await;
    let cookie = crate::support::cookie(&output.services.store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut ann = Browser::new(&output.services).with_cookie(name, value);
    let page = format!("/rotations/{id}/slack");
    let sees = async |ann: &mut Browser, address: &str, words: &[&str]| {
        let answer = ann.open(address).await;
        assert_eq!(answer.status, StatusCode::OK);
        for words in words {
            assert!(answer.body.contains(words), "{words:?} in {}", answer.body);
        }
    };
    sees(&mut ann, &page, &["On-duty group", "@payments-oncall"]).await;
    let chosen = format!("{page}?search=platform&group={GROUP}");
    sees(&mut ann, &chosen, &["Taken out", PRIYA.1, "Connect group"]).await;
    let with_all = format!("{chosen}&holds=members");
    sees(&mut ann, &with_all, &["All members of the rotation"]).await;
    let form = format!("rotation={id}&change=a&group={GROUP}&when_nobody=disable");
    let answer = ann.submit("/rpc/connect_duty_group", &form, &chosen).await;
    assert!(answer.status.is_redirection(), "{}", answer.body);
    output.until_in_it(&id, &[TOMAS]).await;
    sees(&mut ann, &page, &["@platform-oncall", "Write now", TOMAS.1]).await;
    let form = format!("rotation={id}&change=b&holds=members");
    let answer = ann.submit("/rpc/set_group_holds", &form, &page).await;
    assert!(answer.status.is_redirection(), "{}", answer.body);
    assert_eq!(output.kept(&id).await.holds, GroupHolds::Members);
    // What says nothing, or nothing that is known, takes nobody out.
    for odd in ["", "&holds=", "&holds=of_tomorrow"] {
        let form = format!("rotation={id}&change=c{odd}");
        let answer = ann.submit("/rpc/set_group_holds", &form, &page).await;
        assert!(answer.status.is_redirection(), "{}", answer.body);
        assert_eq!(output.kept(&id).await.holds, GroupHolds::Members);
    }

    let bob = Caller {
        person: PersonId::new("U2"),
        name: "Bob".to_owned(),
        role: Role::Member,
        ..caller()
    };
    let backend = &output.backend;
    let looked = backend.duty_group(&bob, id.clone(), String::new(), None);
    assert!(looked.await.is_err());
    assert!(backend.leave_duty_group(&bob, id.clone()).await.is_err());
    assert!(backend.write_duty_group(&bob, id).await.is_err());
    output.end().await;
}
