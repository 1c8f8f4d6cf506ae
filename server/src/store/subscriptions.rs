//! Who is told of what that becomes of a rotation's duty. Without a subscription nothing is
//! written into the outbox.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Rule, Store, as_json, audit, connections,
    duration, millis, notifications,
    outbox::{self, PlanChange},
    rotations, schedules,
};
use crate::clock;
use domain::{Addressee, Occasion, Rotation, Subscription};
use sqlx::AssertSqlSafe;
use std::collections::HashMap;
use types::{RotationId, WorkspaceId};

impl Store {
    /// Has somebody told from now on, also of the shifts that are planned already, as `rule` has
    /// them. False when there is no such rotation.
    pub async fn subscribe(
        &self,
        workspace: &WorkspaceId,
        subscription: &Subscription,
        rule: Rule<'_>,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        connections::hold(&mut tx, workspace).await?;
        let rotation = &subscription.rotation;
        let Some(rotation) =
            rotations::lock_and_load(&mut tx, self.engine, workspace, rotation).await?
        else {
            return Ok(false);
        };
        insert(&mut tx, workspace, subscription).await?;
        let followed = rotation.plan.schedule().cloned();
        let followed = Vec::from_iter(followed);
        let known = schedules::load_all(&mut tx, self.engine, workspace, &followed).await?;
        let known = schedules::load_snapshots(&mut tx, self.engine, workspace, known).await?;
        let followed = known.first();
        let followed = followed.map(|schedule| (schedule.plan(rule.directory), (rule.now)()));
        let own = rotation.plan.rota().map(|rota| {
            let now = clock::now();
            let (members, duty_size) = (&rotation.crew.members, rotation.details.duty_size);
            (rota.planned(members, duty_size, rota.horizon(now)), now)
        });
        if let Some((plan, now)) = followed.or(own) {
            let change = PlanChange::none(&rotation.id, &plan);
            outbox::plans_changed(&mut tx, self.engine, workspace, &[change], now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Has one target, and no other, told by notices of this kind on that occasion, or none
    /// any more, if `allow`, which is handed the rotation and what was told until now, does not
    /// refuse. `None` when there is no such rotation; else whether that changed anything.
    pub async fn set_target<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        (kind, chosen): (&str, Option<Told<'_>>),
        allow: impl FnOnce(&Rotation, Option<Told<'_>>) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<Option<std::result::Result<bool, R>>> {
        let mut tx = self.begin().await?;
        let Some(rotation) = rotations::lock_and_load(&mut tx, self.engine, workspace, id).await?
        else {
            return Ok(None);
        };
        let before = told_of(&mut tx, id, kind).await?;
        let before = before.as_ref();
        let before = before.map(|(target, occasion)| (target.as_str(), *occasion));
        let entry = match allow(&rotation, before) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        if before == chosen {
            return Ok(Some(Ok(false)));
        }
        point(&mut tx, workspace, id, kind, (before, chosen)).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [id]).await?;
        tx.commit().await?;
        Ok(Some(Ok(true)))
    }

    /// Has one more target told by notices of this kind on that occasion, if `allow`, which is handed
    /// the rotation and who is told until now, does not refuse. `None` when there is no such rotation;
    /// else whether that changed anything: one that is told already stays as it is.
    pub async fn add_target<R>(
        &self,
        workspace: &WorkspaceId,
        id: &RotationId,
        (kind, (added, occasion)): (&str, Told<'_>),
        allow: impl FnOnce(&Rotation, &[String]) -> std::result::Result<NewAuditEntry, R> + Send,
    ) -> Result<Option<std::result::Result<bool, R>>> {
        let mut tx = self.begin().await?;
        let Some(rotation) = rotations::lock_and_load(&mut tx, self.engine, workspace, id).await?
        else {
            return Ok(None);
        };
        let told = targets(&mut tx, id, kind).await?;
        let entry = match allow(&rotation, &told) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        if told.iter().any(|target| target == added) {
            return Ok(Some(Ok(false)));
        }
        let subscription = Subscription {
            rotation: id.clone(),
            kind: kind.to_owned(),
            addressee: Addressee::Target(added.to_owned()),
            occasion,
        };
        insert(&mut tx, workspace, &subscription).await?;
        audit::insert(&mut tx, &entry).await?;
        self.rotations_changed(&mut tx, workspace, [id]).await?;
        tx.commit().await?;
        Ok(Some(Ok(true)))
    }

    /// The targets that are told by notices of this kind, the first of them first.
    pub async fn targets(&self, rotation: &RotationId, kind: &str) -> Result<Vec<String>> {
        let mut connection = self.pool.acquire().await?;
        targets(&mut connection, rotation, kind).await
    }

    /// The target that [`Store::set_target`] has set.
    pub async fn target(&self, rotation: &RotationId, kind: &str) -> Result<Option<String>> {
        let mut connection = self.pool.acquire().await?;
        let told = told_of(&mut connection, rotation, kind).await?;
        Ok(told.map(|(target, _)| target))
    }

    /// Has somebody told no more. What is being sent is sent.
    pub async fn unsubscribe(
        &self,
        rotation: &RotationId,
        kind: &str,
        addressee: &Addressee,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        unsubscribe(&mut tx, rotation, kind, addressee).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A target, and on what occasion it is told.
pub type Told<'a> = (&'a str, Occasion);

/// Has one target told on an occasion in the place of another one, or of the same on another
/// occasion, if they differ.
pub(super) async fn point(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    rotation: &RotationId,
    kind: &str,
    (before, after): (Option<Told<'_>>, Option<Told<'_>>),
) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let after_target = after.map(|(target, _)| target);
    if let Some((before, _)) = before.filter(|(before, _)| after_target != Some(*before)) {
        let before = Addressee::Target(before.to_owned());
        unsubscribe(connection, rotation, kind, &before).await?;
    }
    if let Some((after, occasion)) = after {
        let subscription = Subscription {
            rotation: rotation.clone(),
            kind: kind.to_owned(),
            addressee: Addressee::Target(after.to_owned()),
            occasion,
        };
        insert(connection, workspace, &subscription).await?;
    }
    Ok(())
}

async fn insert(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    subscription: &Subscription,
) -> Result<()> {
    sqlx::query(
        "insert into subscriptions (rotation_id, workspace_id, kind, target, lead_millis,
             of_members)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (rotation_id, kind, target) do update set
             lead_millis = excluded.lead_millis, of_members = excluded.of_members",
    )
    .bind(subscription.rotation.as_str())
    .bind(workspace.as_str())
    .bind(&subscription.kind)
    .bind(target(&subscription.addressee))
    .bind(match subscription.occasion {
        Occasion::BeforeShift(lead) => Some(millis(lead)),
        // Of these alone the others are kept: what people want to be told themselves is among
        // their choices.
        Occasion::ChangeOfDuty
        | Occasion::ChangeOfPeople
        | Occasion::EndOfDuty
        | Occasion::ShiftMoved
        | Occasion::ShiftsRearranged => None,
    })
    .bind((subscription.occasion == Occasion::ChangeOfPeople).then_some(1_i64))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn unsubscribe(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
    kind: &str,
    addressee: &Addressee,
) -> Result<()> {
    sqlx::query("delete from subscriptions where rotation_id = $1 and kind = $2 and target = $3")
        .bind(rotation.as_str())
        .bind(kind)
        .bind(target(addressee))
        .execute(&mut *connection)
        .await?;
    outbox::withdraw(connection, rotation, kind, addressee).await
}

/// As [`Store::targets`] tells them.
pub(super) async fn targets(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
    kind: &str,
) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "select target from subscriptions where rotation_id = $1 and kind = $2 order by target",
    )
    .bind(rotation.as_str())
    .bind(kind)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(target,)| target).collect())
}

/// What [`Store::set_target`] has set.
pub(super) async fn told_of(
    connection: &mut DatabaseConnection,
    rotation: &RotationId,
    kind: &str,
) -> Result<Option<(String, Occasion)>> {
    let row: Option<(String, Option<i64>, Option<i64>)> = sqlx::query_as(
        "select target, lead_millis, of_members from subscriptions
         where rotation_id = $1 and kind = $2 order by target limit 1",
    )
    .bind(rotation.as_str())
    .bind(kind)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(target, lead, of_members)| (target, occasion(lead, of_members))))
}

/// As it was stored.
fn occasion(lead: Option<i64>, of_members: Option<i64>) -> Occasion {
    match (lead, of_members) {
        (Some(lead), _) => Occasion::BeforeShift(duration(lead)),
        (None, Some(_)) => Occasion::ChangeOfPeople,
        (None, None) => Occasion::ChangeOfDuty,
    }
}

/// As it is stored.
fn target(addressee: &Addressee) -> &str {
    match addressee {
        Addressee::Target(target) => target,
        Addressee::Holder | Addressee::People(_) => "",
    }
}

/// The subscriptions to each of the rotations that have any, with those of people who are told
/// themselves.
pub(super) async fn of_rotations<'a>(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: impl Iterator<Item = &'a RotationId>,
) -> Result<HashMap<RotationId, Vec<Subscription>>> {
    let statement = format!(
        "select rotation_id, kind, target, lead_millis, of_members from subscriptions
         where rotation_id in {} order by rotation_id, kind, target",
        engine.texts_of_json("$1")
    );
    let rotations: Vec<_> = rotations.collect();
    type Row = (String, String, String, Option<i64>, Option<i64>);
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(as_json(&rotations))
        .fetch_all(&mut *connection)
        .await?;
    let mut subscriptions: HashMap<_, Vec<_>> = HashMap::new();
    for (rotation, kind, target, lead, of_members) in rows {
        let rotation = RotationId::new(rotation);
        let addressee = match target.is_empty() {
            true => Addressee::Holder,
            false => Addressee::Target(target),
        };
        let of_rotation = subscriptions.entry(rotation.clone()).or_default();
        of_rotation.push(Subscription {
            rotation,
            kind,
            addressee,
            occasion: occasion(lead, of_members),
        });
    }
    for personal in notifications::subscriptions(connection, engine, &rotations).await? {
        let of_rotation = subscriptions.entry(personal.rotation.clone()).or_default();
        of_rotation.push(personal);
    }
    Ok(subscriptions)
}
