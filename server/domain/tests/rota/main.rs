//! The rules of duty in `docs/duty.md`: each by its number, the situations that they were made
//! for by name, random plans in every time zone, and hand-offs that something else has reckoned.

mod cases;
mod properties;
mod reckoned;
mod rules;
mod speed;
mod support;
