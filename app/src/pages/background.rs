//! Settings → Background work: whether what this server does without being asked is done.

use super::{settings::SettingsTabs, wording::duration};
use crate::{
    components::{Badge, Cell, Row, Table, Time, Tone, loaded, use_title},
    data::{DataMemo, Resource},
    server_fns::BackgroundWork,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{BackgroundTask, TaskState};

#[component]
pub(crate) fn BackgroundWorkPage() -> impl IntoView {
    let tasks = Resource::new(|| BackgroundWork {});
    use_title(|| "Background work".to_owned());
    view! {
        <h1>"Background work"</h1>
        <SettingsTabs/>
        <p>
            "What the server that answered does without being asked. Where there are several, each tells of itself."
        </p>
        {loaded(tasks, |tasks: DataMemo<Vec<BackgroundTask>>| move || {
            let tasks = tasks.get();
            view! { <Tasks tasks/> }
        })}
    }
}

#[component]
fn Tasks(tasks: Vec<BackgroundTask>) -> impl IntoView {
    view! {
        <Table
            label="Background work"
            columns=&["What", "How it is", "Last ran", "Took", "What went wrong"]
        >
            {tasks.into_iter().map(|task| view! { <Task task/> }).collect_view()}
        </Table>
    }
}

#[component]
fn Task(task: BackgroundTask) -> impl IntoView {
    let tone = match task.state {
        TaskState::Ok => Tone::Good,
        TaskState::Starting | TaskState::Elsewhere => Tone::Neutral,
        TaskState::Failing | TaskState::Stuck | TaskState::Restarting => Tone::Bad,
    };
    let took = match (task.ran_at, task.took_millis) {
        (None, _) => "–".to_owned(),
        (Some(_), None) => "Goes on".to_owned(),
        (Some(_), Some(millis)) => duration(millis),
    };
    view! {
        <Row>
            <Cell label="What">{task.about}</Cell>
            <Cell label="How it is"><Badge tone text=task.state.label()/></Cell>
            <Cell label="Last ran">
                {match task.ran_at {
                    Some(at) => Either::Left(view! { <span class="nowrap"><Time at relative=true/></span> }),
                    None => Either::Right("–"),
                }}
            </Cell>
            <Cell label="Took">
                <span class="nowrap">{took}</span>
            </Cell>
            <Cell label="What went wrong">{told(task.cause, task.restarts)}</Cell>
        </Row>
    }
}

/// What ails a task now, and how often it broke off before.
fn told(cause: Option<String>, restarts: u64) -> Option<String> {
    let broken_off = match restarts {
        0 => None,
        1 => Some("Broke off once since the server started.".to_owned()),
        _ => Some(format!(
            "Broke off {restarts} times since the server started."
        )),
    };
    let told: Vec<_> = cause.into_iter().chain(broken_off).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_before_is_told_beside_what_is_wrong_now() {
        assert_eq!(told(None, 0), None);
        let once = "Broke off once since the server started.";
        assert_eq!(told(None, 1).as_deref(), Some(once));
        let cause = Some("It is stuck.".to_owned());
        assert_eq!(told(cause.clone(), 0), cause);
        assert_eq!(
            told(cause, 2).unwrap(),
            "It is stuck. Broke off 2 times since the server started."
        );
    }
}
