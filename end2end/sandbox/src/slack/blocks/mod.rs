//! Slack's building blocks of messages and views: which ones it takes, and how they look.

mod check;
mod dates;
mod draw;
mod elements;
mod mrkdwn;
mod reader;

pub use check::{Flaw, Surface, check};
pub use draw::{as_html, as_text, text_as_html, text_as_plain};
pub use elements::{chosen, elements, with_ids};
pub use mrkdwn::mentions;
pub use reader::Reader;
