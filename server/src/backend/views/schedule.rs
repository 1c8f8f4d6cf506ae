//! What binding a rotation to a schedule would bring and cost.

use crate::actions::schedules::{Preview, Reading};
use domain::{coming, is_on_call, link_of, loss};
use types::{PreviewPerson, SchedulePreview, ScheduleSummary};

pub(in crate::backend) fn preview(preview: Preview) -> SchedulePreview {
    let Preview {
        reading: Reading { snapshot, asked },
        rotation,
        directory,
        present_schedule,
    } = preview;
    let read_at = asked.at;
    let crew = snapshot.crew(&directory, read_at);
    let people = snapshot.people.iter().map(|person| {
        let (link, found) = link_of(person, &directory);
        PreviewPerson {
            name: person.name.clone(),
            email: person.email.clone(),
            link,
            slack_name: found.map(|found| found.name.clone()),
            on_duty: is_on_call(&snapshot.shifts, &person.id, read_at),
        }
    });
    SchedulePreview {
        people: people.collect(),
        plan: coming(&snapshot.plan(&directory), read_at),
        loss: loss(&rotation.crew, &crew, present_schedule),
        schedule: ScheduleSummary {
            id: snapshot.id,
            name: snapshot.name,
            time_zone: snapshot.time_zone,
            told_apart: None,
        },
        left_out: snapshot.left_out,
        read_at,
    }
}
