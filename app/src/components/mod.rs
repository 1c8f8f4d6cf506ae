//! The parts that pages are made of, one per file.

mod account;
mod avatar;
mod badge;
mod button;
mod choice;
mod connection_alert;
mod copy;
mod dialog;
mod failure;
mod field;
mod frame;
mod icon;
mod loaded;
mod menu;
mod notice;
mod time;

pub(crate) use account::{provide_session, use_session};
pub(crate) use avatar::{Avatar, Person};
pub(crate) use badge::{Badge, LinkBadge, ModeBadge, Tone};
pub(crate) use button::{ButtonKind, SubmitButton};
pub(crate) use choice::Choice;
pub(crate) use copy::Copyable;
pub(crate) use dialog::{CancelButton, Closings, Dialog};
pub(crate) use failure::{FailureNotice, FailureText};
pub(crate) use field::{TextArea, TextField};
pub(crate) use frame::Frame;
pub(crate) use icon::{Icon, Symbol};
pub(crate) use loaded::{latest, loaded};
pub(crate) use menu::Menu;
pub(crate) use notice::{EmptyState, Notice, Status};
pub(crate) use time::{Time, provide_clock, span, use_clock};
