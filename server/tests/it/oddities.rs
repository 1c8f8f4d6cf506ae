//! Answers of PagerDuty's of which a part makes no sense: the sound part counts, and
//! what was left out is told where somebody would miss it.

use crate::support::{bound::Bound, caller, databases};
use app::backend::{Connections, Rotations};
use types::{ApiKeyInput, DaysWanted, LeftOut, Outcome, Replaced, ShiftOddity};

#[tokio::test]
async fn what_made_no_sense_is_noted_on_the_rotation_until_a_reading_that_does() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let (_, rotation) = bound.rotations[0].clone();
        let noted = async || {
            let page = bound
                .backend()
                .rotation(&caller(), rotation.clone(), DaysWanted::default())
                .await;
            page.unwrap().binding.unwrap().left_out
        };
        assert_eq!(noted().await, None);

        let (store, connection) = (&bound.services.store, bound.connection().await);
        let followed = store
            .followed_schedule(&caller().workspace, &rotation)
            .await;
        let (known, mut snapshot) = followed.unwrap().unwrap();
        let confirmed_at = known.confirmed_at.unwrap();
        let left_out = LeftOut {
            shifts: 2,
            first: ShiftOddity::NoEnd,
            from: Some(confirmed_at.plus_seconds(3600)),
        };
        snapshot.left_out = Some(left_out.clone());
        crate::support::apply(store, &connection, &snapshot, confirmed_at)
            .await
            .expect("it is written");
        assert_eq!(noted().await, Some(left_out));

        bound.sync_whole().await;
        assert_eq!(noted().await, None);
        bound.agrees_with_pagerduty().await;
    }
}

#[tokio::test]
async fn an_account_that_was_renamed_is_known_by_what_is_bound() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let account = bound.card().await.account;
        let renamed = "update pagerduty_connections set subdomain = 'formerly-so'";
        bound.database.execute(renamed).await;
        let credentials = bound.sandbox.ask("credentials").await;
        let key = ApiKeyInput::new(credentials["pagerduty"]["api_key"].as_str().unwrap());
        let edited = bound.backend().edit_api_key(&caller(), key).await;
        assert_eq!(edited.unwrap(), Outcome::Done(Replaced::InUse));
        assert!(account.is_some());
        assert_eq!(bound.card().await.account, account);
    }
}
