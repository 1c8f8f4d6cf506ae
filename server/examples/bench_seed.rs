//! Fills a database with connected workspaces for `cargo xtask bench sync`. The
//! stand-in's Slack has two workspaces, so a hundred cannot come in through the
//! front door, and only this crate knows how a credential is sealed.
//!
//! Each line of the file it is given is `workspace API-key schedule…`.

use anyhow::Context;
use clap::Parser;
use domain::{
    AccountIdentity, Actor, Crew, Directory, Plan, Principal, Rotation, ScheduleSnapshot,
    ScheduleVersion, Through,
};
use secrecy::{ExposeSecret, SecretString};
use server::{
    clock,
    config::StorageSettings,
    crypto::KeyRing,
    storage::Storage,
    store::{
        Asked, BindEnd, Connection, Installation, NewAuditEntry, Rule, Store, StoredCredential,
        StoredMethod, bot_token_row, credential_row,
    },
};
use std::{convert::Infallible, fs, path::PathBuf, time::Duration};
use types::{
    AuditAction, PersonId, Region, Role, RotationDetails, RotationId, ScheduleId, Visibility,
    WorkspaceId,
};
use uuid::Uuid;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    storage: StorageSettings,
    /// The workspaces to connect.
    file: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let command = Command::parse();
    let storage = Storage::prepare(&command.storage.checked()?)?;
    let store = Store::open(storage.database_url.expose_secret()).await?;
    for line in fs::read_to_string(&command.file)?.lines() {
        let mut words = line.split_whitespace();
        let workspace = WorkspaceId::new(words.next().context("a line names no workspace")?);
        let key = SecretString::from(words.next().context("a line has no API key")?);
        connect(&store, &storage.keys, &workspace, &key).await?;
        let connection = store.connection(&workspace).await?;
        let connection = connection.context("a connection that was just made is gone")?;
        for schedule in words {
            bind(&store, &connection, ScheduleId::new(schedule)).await?;
        }
    }
    store.close().await;
    Ok(())
}

async fn connect(
    store: &Store,
    keys: &KeyRing,
    workspace: &WorkspaceId,
    key: &SecretString,
) -> anyhow::Result<()> {
    let installation = Installation {
        bot_token_sealed: keys.seal(&SecretString::from("none"), &bot_token_row(workspace)),
        scopes: Vec::new(),
        installed_at: clock::now(),
        installed_by: admin(),
    };
    let installed = entry(workspace, AuditAction::InstalledInSlack);
    store
        .save_installation(
            workspace,
            workspace.as_str(),
            &installation,
            false,
            &installed,
        )
        .await?;
    let credential = StoredCredential {
        sealed: keys.seal(key, &credential_row(workspace)),
        method: StoredMethod::ApiKey {
            last_four: String::new(),
        },
        region: Region::Us,
        account: AccountIdentity::default(),
    };
    let connected = entry(workspace, AuditAction::ConnectedPagerDuty);
    anyhow::ensure!(
        store.connect(&credential, &connected).await?,
        "{workspace} was connected before"
    );
    Ok(())
}

/// Binds a new rotation to a schedule whose people and shifts the first sync will
/// read.
async fn bind(store: &Store, connection: &Connection, schedule: ScheduleId) -> anyhow::Result<()> {
    let workspace = &connection.workspace;
    let rotation = Rotation {
        id: RotationId::new(Uuid::now_v7().simple().to_string()),
        workspace: workspace.clone(),
        details: RotationDetails {
            name: schedule.to_string(),
            description: String::new(),
            notes: String::new(),
            code: None,
            duty_size: 1,
            visibility: Visibility::Public,
        },
        plan: Plan::Manual,
        owners: Vec::new(),
        last_edit: None,
        crew: Crew::default(),
    };
    let created = entry(workspace, AuditAction::CreatedRotation);
    store.create_rotation(&rotation, &created).await?;
    let unread = ScheduleSnapshot {
        name: schedule.to_string(),
        id: schedule,
        url: None,
        version: ScheduleVersion::V2,
        time_zone: None,
        people: Vec::new(),
        shifts: Vec::new(),
        left_out: None,
    };
    // Nothing is known of it.
    let asked = Asked {
        at: clock::now(),
        until: clock::now(),
    };
    let reading = (&unread, asked, Duration::ZERO);
    let bound = entry(workspace, AuditAction::BoundSchedule);
    let nobody = Rule {
        now: &clock::now,
        directory: &Directory::default(),
    };
    let bound = store
        .bind(connection, &rotation.id, reading, nobody, |_| {
            Ok::<_, Infallible>(bound)
        })
        .await?;
    anyhow::ensure!(
        bound == BindEnd::Bound,
        "a rotation of {workspace} could not be bound"
    );
    Ok(())
}

fn entry(workspace: &WorkspaceId, action: AuditAction) -> NewAuditEntry {
    let actor = Actor {
        workspace: workspace.clone(),
        principal: Principal::Person {
            person: admin(),
            name: "Admin".to_owned(),
            role: Role::Admin,
            through: Through::Session,
        },
        request_id: None,
        admitted_at: None,
    };
    NewAuditEntry::new(actor, action, clock::now())
}

fn admin() -> PersonId {
    PersonId::new("UADMIN")
}
