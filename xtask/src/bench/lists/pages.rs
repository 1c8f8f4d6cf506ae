//! What the server needs for one list or page: processor time for each, how many it
//! gives in a second, and their size. No rendered page is kept, so each is made anew.

use anyhow::{Context, Result, ensure};

use crate::bench::lists::{Build, Engine, prepare};
use crate::bench::load::Target;
use crate::bench::table::percentile;
use crate::bench::workspace::{Layout, Workspace};
use crate::http::{self, Request};
use crate::processes::Process;
use crate::report;

const HOME: &str = "/";
pub const LIST: &str = "/rotations";
/// The server function by which the browser reads the list.
pub const LIST_AS_JSON: &str = "/rpc/rotations";
pub const CONNECTIONS: usize = 10;

const WARM_UP_SECONDS: u64 = 1;
/// So often the builds take turns, and for so long each time.
const TURNS: usize = 3;
const SECONDS: u64 = 1;
const KILOBYTE: f64 = 1024.0;

const MANY_PEOPLE: Layout = Layout {
    people: 2000,
    ..Layout::USUAL
};
/// Something to ask for, and what is to be reached.
struct Page {
    what: &'static str,
    path: fn(&Workspace) -> Option<String>,
    processor_millis: f64,
    kilobytes: Option<f64>,
}

const USUAL_PAGES: [Page; 5] = [
    home("Home of 50 rotations"),
    Page {
        what: "list of 50",
        path: |_| Some(LIST.to_owned()),
        processor_millis: 1.5,
        kilobytes: None,
    },
    Page {
        what: "list of 50 as JSON",
        path: |_| Some(LIST_AS_JSON.to_owned()),
        processor_millis: 0.5,
        kilobytes: None,
    },
    Page {
        what: "rotation with a schedule, 60 people",
        path: page_with_a_schedule,
        processor_millis: 2.5,
        kilobytes: None,
    },
    Page {
        what: "rotation by hand, 60 people",
        path: page_by_hand,
        processor_millis: 2.5,
        kilobytes: None,
    },
];

const PAGES_OF_MANY_PEOPLE: [Page; 3] = [
    home("Home, 2,000 people"),
    Page {
        what: "rotation with a schedule, 2,000 people",
        path: page_with_a_schedule,
        processor_millis: 2.5,
        kilobytes: Some(60.0),
    },
    Page {
        what: "rotation by hand, 2,000 people",
        path: page_by_hand,
        processor_millis: 2.5,
        kilobytes: Some(60.0),
    },
];

const LISTS_OF_MANY_ROTATIONS: [Page; 2] = [
    home("Home of 500 rotations"),
    Page {
        what: "list of 500",
        path: |_| Some(LIST.to_owned()),
        processor_millis: 5.0,
        kilobytes: Some(350.0),
    },
];

/// Home, of which the same is to be reached however much there is.
const fn home(what: &'static str) -> Page {
    Page {
        what,
        path: |_| Some(HOME.to_owned()),
        processor_millis: 2.0,
        kilobytes: Some(60.0),
    }
}

fn page_with_a_schedule(workspace: &Workspace) -> Option<String> {
    Some(format!("{LIST}/{}", workspace.bound_rotation()))
}

fn page_by_hand(workspace: &Workspace) -> Option<String> {
    Some(format!("{LIST}/{}", workspace.manual_rotation()?))
}

/// `large` has the workspaces of 500 rotations.
pub fn measure(builds: &mut [Build], programs: &str, large: &[Option<Workspace>]) -> Result<()> {
    for (what, layout, pages) in [
        ("50 rotations, 60 people", Layout::USUAL, &USUAL_PAGES[..]),
        (
            "50 rotations, 2,000 people",
            MANY_PEOPLE,
            &PAGES_OF_MANY_PEOPLE,
        ),
    ] {
        let workspaces = prepare(builds, Engine::Sqlite, layout, what)?;
        measure_workspaces(builds, programs, &workspaces, pages)?;
    }
    measure_workspaces(builds, programs, large, &LISTS_OF_MANY_ROTATIONS)
}

/// A build's server with what was measured of one page, or why that failed.
struct Subject<'a> {
    build: &'a mut Build,
    workspace: &'a Workspace,
    server: Process,
    figures: Result<Figures>,
}

#[derive(Default)]
struct Figures {
    bytes: f64,
    /// With load beside: what counts.
    processor_millis: Vec<f64>,
    /// With nothing beside, where falling asleep and waking up between two answers is a large
    /// part.
    processor_millis_alone: Vec<f64>,
    per_second: Vec<f64>,
}

fn measure_workspaces(
    builds: &mut [Build],
    programs: &str,
    workspaces: &[Option<Workspace>],
    pages: &[Page],
) -> Result<()> {
    let mut subjects = Vec::new();
    for (build, workspace) in builds.iter_mut().zip(workspaces) {
        let Some(workspace) = workspace else { continue };
        if let Some(server) = build.table.take("start", workspace.start())? {
            subjects.push(Subject {
                build,
                workspace,
                server,
                figures: Ok(Figures::default()),
            });
        }
    }
    for page in pages {
        report::step(&format!("Asking for the {}", page.what));
        for subject in &mut subjects {
            subject.figures = Ok(Figures::default());
            subject.take_turn(|subject, figures| {
                figures.bytes = subject.bytes(page)?;
                subject.load(programs, page, 1, WARM_UP_SECONDS)?;
                Ok(())
            });
        }
        for _ in 0..TURNS {
            for subject in &mut subjects {
                subject.take_turn(|subject, figures| {
                    let (millis, _) = subject.load(programs, page, 1, SECONDS)?;
                    figures.processor_millis_alone.push(millis);
                    Ok(())
                });
            }
        }
        for _ in 0..TURNS {
            for subject in &mut subjects {
                subject.take_turn(|subject, figures| {
                    let (millis, rate) = subject.load(programs, page, CONNECTIONS, SECONDS)?;
                    figures.processor_millis.push(millis);
                    figures.per_second.push(rate);
                    Ok(())
                });
            }
        }
        for subject in &mut subjects {
            subject.tell(page)?;
        }
    }
    Ok(())
}

impl Subject<'_> {
    /// Measures some more, unless something has failed before.
    fn take_turn(&mut self, measure: impl FnOnce(&Self, &mut Figures) -> Result<()>) {
        let figures = std::mem::replace(&mut self.figures, Ok(Figures::default()));
        self.figures = figures.and_then(|mut figures| {
            measure(self, &mut figures)?;
            Ok(figures)
        });
    }

    fn path(&self, page: &Page) -> Result<String> {
        (page.path)(self.workspace).context("the workspace has no such page")
    }

    /// The size before compression.
    fn bytes(&self, page: &Page) -> Result<f64> {
        let cookies = self.workspace.visitor.cookie_header();
        let (path, headers) = (self.path(page)?, [("Cookie", cookies.as_str())]);
        let port = self.workspace.ports.server;
        let (answer, body) = http::bytes(port, &Request::get(&path, &headers))?;
        ensure!(answer.status == 200, "{path} answered {}", answer.status);
        Ok(body.len() as f64)
    }

    /// The server's processor time for each answer in milliseconds, and the answers in a second.
    fn load(
        &self,
        programs: &str,
        page: &Page,
        connections: usize,
        seconds: u64,
    ) -> Result<(f64, f64)> {
        let target = Target {
            programs,
            port: self.workspace.ports.server,
            path: &self.path(page)?,
            cookies: &self.workspace.visitor.cookie_header(),
        };
        let before = self.server.processor_time()?;
        let measured = target.load(connections, seconds)?;
        let taken = (self.server.processor_time()? - before).as_secs_f64() * 1000.0;
        Ok((taken / measured.answers, measured.per_second))
    }

    fn tell(&mut self, page: &Page) -> Result<()> {
        let figures = std::mem::replace(&mut self.figures, Ok(Figures::default()));
        let table = &mut self.build.table;
        let Some(figures) = table.take(page.what, figures)? else {
            return Ok(());
        };
        table.at_most(
            &format!(
                "{}: processor time for each, {CONNECTIONS} at once",
                page.what
            ),
            percentile(&figures.processor_millis, 0.5),
            page.processor_millis,
            "ms",
        );
        table.note(
            &format!("{}: processor time for each, one by one", page.what),
            format!("{:.2} ms", percentile(&figures.processor_millis_alone, 0.5)),
        );
        table.note(
            &format!("{}: per second, {CONNECTIONS} at once", page.what),
            format!("{:.0}", percentile(&figures.per_second, 0.5)),
        );
        let (size, kilobytes) = (
            format!("{}: before compression", page.what),
            figures.bytes / KILOBYTE,
        );
        match page.kilobytes {
            Some(limit) => table.at_most(&size, kilobytes, limit, "KB"),
            None => table.note(&size, format!("{kilobytes:.1} KB")),
        }
        Ok(())
    }
}
