//! People of whom PagerDuty says too little or too much.

use crate::support::{ann, bound::Bound, sandbox::Sandbox, sqlite};
use domain::Crew;
use serde_json::json;
use types::LinkState;

#[tokio::test]
async fn somebody_without_an_email_is_shown() {
    let sandbox = Sandbox::start().await;
    let path = "pagerduty/users/PTOMAS5/email";
    sandbox.control(path, json!({"email": null})).await;
    let bound = Bound::in_company(sandbox, sqlite(), &["PPLATP1"]).await;
    let tomas = bound.member("PPLATP1", "PTOMAS5").await;
    assert_eq!(tomas.link, LinkState::NoEmail);
    assert_eq!((tomas.name.as_str(), tomas.email), ("Tomás Herrera", None));
    assert!(bound.is_on_duty("PPLATP1", "PTOMAS5").await);
}

#[tokio::test]
async fn two_users_with_one_persons_email_are_one_member() {
    let sandbox = Sandbox::start().await;
    for (id, email) in [
        ("PTWIN01", "ann@example.com"),
        ("PTWIN02", "ANN@example.com"),
    ] {
        let user = json!({"id": id, "name": format!("Ann as {id}"), "email": email});
        sandbox.control("pagerduty/users", user).await;
    }
    let twins = json!({"id": "PTWINS0", "name": "Twins", "users": ["PTWIN01", "PTWIN02"],
        "turn_seconds": 3600});
    sandbox.control("schedules", twins).await;
    let bound = Bound::in_company(sandbox, sqlite(), &["PTWINS0"]).await;
    let is_ann_on_duty = async || {
        let Crew { members, duties } = bound.rotation("PTWINS0").await.crew;
        assert_eq!(members.len(), 1, "{members:?}");
        assert_eq!(members[0].person, Some(ann()));
        assert_eq!(members[0].link, LinkState::Linked);
        assert_eq!(duties.len(), 1, "{duties:?}");
    };
    is_ann_on_duty().await;
    let other = json!({"user": "PTWIN02", "seconds": 600});
    bound
        .sandbox
        .control("schedules/PTWINS0/overrides", other)
        .await;
    bound.sync().await.unwrap();
    is_ann_on_duty().await;
}
