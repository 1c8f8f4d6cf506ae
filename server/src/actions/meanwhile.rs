//! Two who save the same at once: the later one is told who was faster and with what, and may save
//! again.

use super::{Failure, Stop};
use crate::{Services, crypto::token_key};
use std::mem;
use types::{AuditAction, EditedMeanwhile, RotationId};

/// The version of something that a form shows, by what it says.
pub(super) fn version<'a>(shown: impl IntoIterator<Item = &'a str>) -> String {
    let shown: Vec<_> = shown.into_iter().collect();
    // Neither has a field this character nor a template.
    token_key(&shown.join("\0"))
}

/// That somebody has saved something else since the form was drawn, before it is known who. Whoever
/// tells no version is not asked.
pub(super) fn since(drawn: &str, present: String) -> Option<EditedMeanwhile> {
    let drawn = drawn.trim();
    (!drawn.is_empty() && drawn != present).then(|| EditedMeanwhile {
        version: present,
        ..EditedMeanwhile::default()
    })
}

/// What came of saving. Where it was refused since somebody was faster, as `meanwhile_of` finds in the
/// refusal, it has who that was with this action, and what they have saved.
pub(super) async fn naming<T, R>(
    saved: Result<T, Stop<R>>,
    (services, rotation, action): (&Services, &RotationId, AuditAction),
    meanwhile_of: impl FnOnce(&mut R) -> Option<&mut EditedMeanwhile>,
) -> Result<T, Stop<R>> {
    match saved {
        Err(Stop::Refused(mut refusal)) => {
            if let Some(meanwhile) = meanwhile_of(&mut refusal) {
                let unnamed = mem::take(meanwhile);
                *meanwhile = named(services, rotation, action, unnamed).await?;
            }
            Err(Stop::Refused(refusal))
        }
        saved => saved,
    }
}

async fn named(
    services: &Services,
    rotation: &RotationId,
    action: AuditAction,
    meanwhile: EditedMeanwhile,
) -> Result<EditedMeanwhile, Failure> {
    let entry = services.store.last_audit_entry(rotation, action).await?;
    let (by, what) = match entry {
        Some(entry) => {
            let what = entry.after.unwrap_or_else(|| "nothing".to_owned());
            (entry.actor.to_string(), what)
        }
        None => ("somebody".to_owned(), "not known any more".to_owned()),
    };
    Ok(EditedMeanwhile {
        by,
        what,
        ..meanwhile
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_shows_something_else_than_there_is_is_told() {
        let present = || version(["C1", "%USER%"]);
        assert_eq!(since(&present(), present()), None);
        assert_eq!(since("", present()), None);
        for other in [version(["C1%USER%", ""]), version([]), version([""])] {
            let meanwhile = since(&other, present()).unwrap();
            assert_eq!(meanwhile.version, present());
        }
    }
}
