//! Saying who of PagerDuty is who in Slack.

use crate::http::browser::Browser;
use crate::support::{bound::Bound, caller, cookie, databases};
use app::{
    AppError,
    backend::{Caller, Links},
};
use types::{Denial, LinkRefusal, LinkState, Outcome, PagerDutyUserId, PersonId, Role};

fn tomas() -> PagerDutyUserId {
    PagerDutyUserId::new("PTOMAS5")
}

fn bob() -> PersonId {
    PersonId::new("U2")
}

/// Tomás' member, who is on duty and the only one that he is.
async fn shown(bound: &Bound) -> (String, LinkState, Option<PersonId>) {
    let members = bound.rotation("PPLATP1").await.crew.members;
    assert_eq!(members.len(), 4);
    let tomas = bound.member("PPLATP1", "PTOMAS5").await;
    assert!(bound.is_on_duty("PPLATP1", "PTOMAS5").await);
    (tomas.name, tomas.link, tomas.person)
}

#[tokio::test]
async fn a_link_by_hand_lasts_until_it_is_undone() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let unlinked = ("Tomás Herrera".to_owned(), LinkState::NoMatch, None);
        assert_eq!(shown(&bound).await, unlinked);

        let backend = bound.backend();
        let done = backend
            .link_person(&caller(), tomas(), bob())
            .await
            .unwrap();
        assert_eq!(done, Outcome::Done(()));
        let linked = ("Bob".to_owned(), LinkState::LinkedByHand, Some(bob()));
        assert_eq!(shown(&bound).await, linked);
        let views = bound.card().await.links;
        let view = views.iter().find(|view| view.user == tomas()).unwrap();
        assert_eq!(view.linked_to, Some((bob(), "Bob".to_owned())));
        for _ in 0..2 {
            assert_eq!(bound.sync().await.unwrap().changed, 0);
            assert_eq!(shown(&bound).await, linked);
        }

        let done = backend.unlink_person(&caller(), tomas()).await.unwrap();
        assert_eq!(done, Outcome::Done(()));
        assert_eq!(shown(&bound).await, unlinked);
        assert_eq!(bound.sync().await.unwrap().changed, 0);
        let again = backend.unlink_person(&caller(), tomas()).await.unwrap();
        assert_eq!(again, Outcome::Refused(LinkRefusal::NotLinkedByHand));

        // Whatever they were called meanwhile, it was one duty of one person.
        let (_, id) = &bound.rotations[0];
        let history = bound.services.store.duty_history(id).await.unwrap();
        let history = history.records;
        assert_eq!(history.len(), 1, "{history:?}");
    }
}

#[tokio::test]
async fn an_address_that_asks_about_somebody_who_needs_no_link_says_so() {
    const NEEDLESS: &str = "needs no link";
    // The button that opens it has dots behind these words.
    const DIALOG: &str = ">Link to Slack<";
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let cookie = cookie(&bound.services.store).await;
        let (name, value) = cookie.split_once('=').unwrap();
        let mut ann = Browser::new(&bound.services).with_cookie(name, value);
        for (asked, is_needless) in [
            ("?link=PTOMAS5", false),
            ("?link=PNOBODY", true),
            ("", false),
        ] {
            let page = ann.open(&format!("/settings/integrations{asked}")).await;
            assert_eq!(page.body.contains(NEEDLESS), is_needless, "{asked}");
            assert_eq!(page.body.contains(DIALOG), asked == "?link=PTOMAS5");
        }
    }
}

#[tokio::test]
async fn a_member_cannot_say_who_is_who() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let member = Caller {
            person: bob(),
            role: Role::Member,
            ..caller()
        };
        let backend = bound.backend();
        let before = shown(&bound).await;
        let linked = backend.link_person(&member, tomas(), bob()).await;
        assert!(matches!(
            linked,
            Err(AppError::Forbidden(Denial::LinkPeople))
        ));
        let unlinked = backend.unlink_person(&member, tomas()).await;
        assert!(matches!(
            unlinked,
            Err(AppError::Forbidden(Denial::LinkPeople))
        ));
        assert_eq!(shown(&bound).await, before);
    }
}
