//! Where the people of the company meet in Slack: channels and user groups, with a corner of each kind that
//! breaks careless code.

use crate::{
    company::{PRIMARY_TEAM, SECOND_TEAM},
    slack::{
        Workspace,
        conversation::{Conversation, Kind},
        group::UserGroup,
        settings::{Plan, Settings},
    },
};

const ADA: &str = "U01ADAOKAF";
const HENRIK: &str = "U02HENRIKL";
const PRIYA: &str = "U03PRIYARA";
const MARTA: &str = "U04MARTAKO";
const TOMAS: &str = "U05TOMASHE";
const WEI: &str = "U07WEIZHAN";
const JUERGEN: &str = "U08JUERGEN";
const OLIVIA: &str = "U09OLIVIAB";
const DIEGO: &str = "U10DIEGOFU";
const SIOBHAN: &str = "U11SIOBHAN";
const KENJI: &str = "U12KENJISA";
const LEILA: &str = "U13LEILAHA";
const YUKI: &str = "U51YUKIMOR";

pub fn settle(workspaces: &mut [Workspace]) {
    for workspace in workspaces {
        if workspace.id == PRIMARY_TEAM {
            workspace.conversations = lighthouse_channels(workspace);
            workspace.groups = lighthouse_groups();
        } else {
            workspace.conversations = vec![everybody("C51GENERALH", workspace)];
            workspace.settings = Settings {
                plan: Plan::Free,
                ..Settings::default()
            };
        }
    }
}

fn everybody(id: &str, workspace: &Workspace) -> Conversation {
    let active = workspace.people.iter().filter(|one| !one.deactivated);
    let members: Vec<&str> = active.map(|one| one.id.as_str()).collect();
    Conversation {
        general: true,
        purpose: "Everybody".to_owned(),
        ..Conversation::new(id, "general", Kind::Public, &members)
    }
}

fn lighthouse_channels(workspace: &Workspace) -> Vec<Conversation> {
    let public = |id, name, members: &[&str]| Conversation::new(id, name, Kind::Public, members);
    vec![
        everybody("C01GENERAL1", workspace),
        public(
            "C02PLATFORM",
            "platform",
            &[ADA, PRIYA, MARTA, TOMAS, JUERGEN],
        ),
        public("C03PAYMENTS", "payments", &[ADA, OLIVIA, SIOBHAN, DIEGO]),
        public(
            "C04INCIDENT",
            "incidents",
            &[ADA, HENRIK, PRIYA, OLIVIA, WEI],
        ),
        Conversation::new(
            "C05PAYLEADS",
            "payments-leads",
            Kind::Private,
            &[ADA, OLIVIA],
        ),
        Conversation {
            archived: true,
            ..public("C06WAREHOU", "warehouse-move-2019", &[HENRIK, KENJI])
        },
        Conversation {
            shared_with: Some(SECOND_TEAM.to_owned()),
            ..public("C07BOOKCAFE", "book-café", &[LEILA, DIEGO, YUKI])
        },
        Conversation {
            posting_refused: Some("restricted_action".to_owned()),
            ..public("C08ANNOUNC", "announcements", &[ADA, HENRIK])
        },
    ]
}

fn lighthouse_groups() -> Vec<UserGroup> {
    vec![
        UserGroup::new(
            "S01PLATFORM",
            "platform-oncall",
            "Platform on call",
            PRIYA,
            &[PRIYA, JUERGEN],
        ),
        UserGroup::new(
            "S02PAYMENTS",
            "payments-oncall",
            "Payments on call",
            OLIVIA,
            &[SIOBHAN],
        ),
    ]
}
