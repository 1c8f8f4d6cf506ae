//! What a page costs: the bytes that a browser loads, the time until there is
//! something to see, and what the server needs to make it. The pages are those of a
//! workspace with 50 rotations, as teams of some size have them.

mod browser;
mod first_load;
mod load;
mod start;
mod statements;
mod streams;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::bench::Programs;
use crate::bench::table::Table;
use crate::bench::workspace::{Database, Layout, Workspace};
use crate::report;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    programs: Programs,
    /// Measure only these parts
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// The bytes of each page's first load
    Weight,
    /// How soon the server answers, and the memory that it holds
    Start,
    /// Requests per second, beside a server that only sends the same bytes
    Load,
    /// The memory that open pages cost, and what is left of it when they have gone
    Streams,
    /// When a browser shows the page
    Paint,
    /// Lighthouse's scores
    Lighthouse,
    /// SQL statements per page
    Statements,
}

const PAGE: &str = "/rotations";

pub fn measure(options: &Options) -> Result<()> {
    let built = options.programs.folder_with_site()?;
    let wants = |part| options.only.is_empty() || options.only.contains(&part);
    let mut table = Table::default();

    report::step("Preparing 50 rotations");
    let workspace = Workspace::prepare(built, Layout::USUAL, Database::sqlite()?)?;
    if wants(Part::Start) {
        start::measure(&mut table, &workspace)?;
    }
    if wants(Part::Weight) {
        first_load::measure(&mut table, &workspace)?;
    }
    if wants(Part::Load) {
        load::measure(&mut table, &workspace)?;
    }
    if wants(Part::Streams) {
        streams::measure(&mut table, &workspace)?;
    }
    if wants(Part::Paint) {
        browser::measure_paint(&mut table, &workspace)?;
    }
    if wants(Part::Lighthouse) {
        browser::measure_lighthouse(&mut table, &workspace)?;
    }
    // The last, since it deletes most of the rotations.
    if wants(Part::Statements) {
        statements::measure(&mut table, &workspace)?;
    }
    table.finish()
}
