//! How many SQL statements a page takes, counted in the log that the database
//! library writes. It must not grow with the number of rotations.

use std::fs::{self, File};

use anyhow::{Context, Result, ensure};

use crate::bench::page::PAGE;
use crate::bench::table::Table;
use crate::bench::workspace::Workspace;
use crate::http::{self, Request};
use crate::{product, report};

/// What the database library calls its log of statements.
const LOG_TARGET: &str = "sqlx::query";
const FEW: usize = 5;
const PAGES: [&str; 2] = ["/", PAGE];
/// The one with the most statements counts.
const VIEWS: usize = 20;

pub fn measure(table: &mut Table, workspace: &Workspace) -> Result<()> {
    report::step("Counting SQL statements");
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log");
    let mut command = workspace.command()?;
    command
        .env("RUST_LOG", format!("server=info,{LOG_TARGET}=debug"))
        .stderr(File::create(&log)?);
    let _server = product::start_server(&mut command, workspace.ports.server)?;
    let count = |page: &str| -> Result<usize> {
        // The first notes that the session is in use, which happens once a minute.
        view(workspace, page)?;
        let views: Vec<_> = (0..VIEWS)
            .map(|_| view(workspace, page))
            .collect::<Result<_>>()?;
        // A statement is logged when it has ended, which may be after the answer.
        view(workspace, page)?;
        let log = fs::read_to_string(&log)?;
        let counted = views.iter().map(|request| statements(&log, request)).max();
        counted
            .filter(|counted| *counted > 0)
            .with_context(|| format!("no statement was logged for {page}"))
    };
    let with_all = PAGES.map(&count);
    for rotation in &workspace.rotations[FEW..] {
        workspace
            .visitor
            .call("delete_rotation", &[("id", rotation)])?;
    }
    let number = workspace.rotations.len();
    for (page, with_all) in PAGES.into_iter().zip(with_all) {
        let (with_all, with_few) = (with_all?, count(page)?);
        table.note(
            &format!("SQL statements of {page}, {FEW} rotations"),
            with_few.to_string(),
        );
        table.equal(
            &format!("SQL statements of {page}, {number} rotations"),
            with_all as f64,
            with_few as f64,
        );
    }
    Ok(())
}

/// Looks at the page, and gives the number under which the log has that.
fn view(workspace: &Workspace, page: &str) -> Result<String> {
    let cookies = workspace.visitor.cookie_header();
    let headers = [("Cookie", cookies.as_str())];
    let answer = http::send(workspace.ports.server, &Request::get(page, &headers))?;
    ensure!(answer.status == 200, "{page} answered {}", answer.status);
    let number = answer.all("x-request-id").next();
    Ok(number.context("an answer has no number")?.to_owned())
}

/// The statements in the log that belong to a request. The database library logs
/// within the request's span, and nothing else does so under its target.
fn statements(log: &str, request: &str) -> usize {
    log.lines()
        .filter(|line| line.contains(LOG_TARGET) && line.contains(request))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_statements_of_the_request_count() {
        let log = "\
            DEBUG request{id=one}: sqlx::query: summary=\"select 1\"\n\
            DEBUG request{id=two}: sqlx::query: summary=\"select 2\"\n\
            DEBUG sqlx::query: summary=\"select 3\"\n\
            INFO request{id=one}: server::http: answered\n";
        assert_eq!(statements(log, "one"), 1);
    }
}
