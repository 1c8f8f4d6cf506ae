//! The parts that pages are made of, one per file.

mod account;
mod alerts;
mod answered;
mod avatar;
mod badge;
mod button;
mod card;
mod choice;
mod copy;
mod days;
mod dialog;
mod empty;
mod failure;
mod field;
mod focus;
mod frame;
mod icon;
mod letters;
mod loaded;
mod menu;
mod names;
mod notice;
mod pieces;
mod roving;
mod rows;
mod skeleton;
mod table;
mod tabs;
mod time;
mod timeline;
mod title;
mod toast;

pub(crate) use account::{provide_session, use_session};
pub(crate) use avatar::{Avatar, Person, avatar_markup};
pub(crate) use badge::{Badge, LinkBadge, ModeBadge, Tone, badge_markup};
pub(crate) use button::{ButtonKind, SubmitButton};
pub(crate) use card::{Card, Facts};
pub(crate) use choice::Choice;
pub(crate) use copy::Copyable;
pub(crate) use days::{day_label, day_lines, month_and_day};
pub use dialog::DIALOG_PARAMETER;
pub(crate) use dialog::{CancelButton, Dialog, DialogButton, Resets};
pub(crate) use empty::EmptyState;
pub(crate) use failure::{FailureNotice, FailureText};
pub(crate) use field::{TextArea, TextField, unknown_to_password_managers};
pub(crate) use focus::FocusKeeper;
pub(crate) use frame::Frame;
pub(crate) use icon::{Icon, Mark, Symbol};
pub(crate) use letters::lowercase;
pub(crate) use loaded::{Later, latest, loaded, loaded_page};
pub(crate) use menu::Menu;
pub(crate) use names::{names_markup, who};
pub(crate) use notice::{Notice, Status};
pub(crate) use pieces::{Piece, PieceKind, Scale, pieces};
pub(crate) use rows::rows;
pub(crate) use skeleton::Skeleton;
pub(crate) use table::{Cell, Id, Row, Table};
pub(crate) use tabs::{Tab, Tabs};
pub(crate) use time::{
    Clock, Time, keep_times_true, month_name, provide_clock, span, telling, time_markup,
    time_of_day_markup, use_clock,
};
pub(crate) use timeline::Timeline;
pub(crate) use title::use_title;
pub(crate) use toast::{ToastRegion, Toasts, provide_toasts, use_toasts};
