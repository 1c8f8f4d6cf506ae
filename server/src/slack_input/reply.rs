//! What is answered to commands, in Slack's way of writing. Pure.

use crate::{
    actions::Failure,
    slack::message::{announcement, escaped, name, on_duty},
};
use domain::{Directory, Listing};
use types::{Outlook, RotationId, RotationRefusal, Selection};

/// Whoever reads more lines than this reads none of them.
const LISTED: usize = 25;

const HELP: &str = "\
*What you can type*
• `/rr`: who is on duty now
• `/rr CODE`: who is on duty in the rotation of this code, until when, and who is next
• `/rr CODE rotate`: has the next one take over
• `/rr CODE set @somebody`: puts one of its members on duty
• `/rr CODE me`: puts you on duty, if you are one of its members
Rotations that follow a schedule or PagerDuty change hands by themselves. Only you see what is answered.";

/// A rotation, and how it is.
pub(super) struct Listed {
    pub(super) id: RotationId,
    pub(super) name: String,
    pub(super) code: Option<String>,
    pub(super) outlook: Outlook,
}

/// Answers, with links to pages that `address` makes of paths.
pub(super) struct Reply<'a> {
    address: Box<dyn Fn(&str) -> String + Send + Sync + 'a>,
}

impl<'a> Reply<'a> {
    pub(super) fn new(address: impl Fn(&str) -> String + Send + Sync + 'a) -> Self {
        Self {
            address: Box::new(address),
        }
    }

    fn link(&self, path: &str, text: &str) -> String {
        format!("<{}|{text}>", (self.address)(path))
    }

    fn link_to(&self, listed: &Listed) -> String {
        let code = listed
            .code
            .as_deref()
            .map(|code| format!(" `{}`", escaped(code)));
        let page = format!("/rotations/{}", listed.id);
        self.link(&page, &name(&listed.name)) + &code.unwrap_or_default()
    }

    /// Who is on duty in all rotations that the reader may see.
    pub(super) fn list(&self, listing: &Listing<Listed>, directory: &Directory) -> String {
        if listing.items.is_empty() {
            let all = self.link("/rotations", "Round Robin");
            return format!("There is no rotation that you may see yet. Make one in {all}.");
        }
        let lines = listing.items.iter().take(LISTED).map(|listed| {
            let duties = on_duty(&listed.outlook, directory);
            let duties = duties.unwrap_or_else(|| "nobody is on duty".to_owned());
            format!("• {}: {duties}", self.link_to(listed))
        });
        let lines: Vec<_> = lines.collect();
        let all = usize::try_from(listing.counts.of(Selection::All)).unwrap_or(lines.len());
        let left = match all.saturating_sub(lines.len()) {
            0 => String::new(),
            left => {
                let rest = self.link("/rotations", &format!("{left} more"));
                format!("\nAnd {rest}.")
            }
        };
        format!("{}{left}", lines.join("\n"))
    }

    /// Who is on duty in one rotation.
    pub(super) fn shown(&self, listed: &Listed, directory: &Directory) -> String {
        let told = announcement(&listed.name, &listed.outlook, directory);
        format!("{told}\n{}", self.link_to(listed))
    }

    pub(super) fn done(&self, shown: &str) -> String {
        format!("Done. {shown}")
    }

    pub(super) fn help(&self) -> String {
        HELP.to_owned()
    }

    pub(super) fn unknown(&self) -> String {
        format!("There is no such command.\n{HELP}")
    }

    pub(super) fn whom(&self, code: &str) -> String {
        let code = escaped(code);
        format!(
            "Slack did not say who is meant. Type `/rr {code} set @` and choose one person from the list that Slack offers."
        )
    }

    pub(super) fn no_rotation(&self, code: &str) -> String {
        let (code, all) = (escaped(code), self.link("/rotations", "All rotations"));
        format!(
            "There is no rotation with the code `{code}` that you may see. `/rr` lists those that there are, and so does the page {all}."
        )
    }

    pub(super) fn how_to_mention(&self) -> String {
        "Name the code of a rotation after the mention, as in `@Round Robin CODE`. `/rr` lists the codes that there are."
            .to_owned()
    }

    pub(super) fn private(&self, called: &str) -> String {
        format!("{called}\nOnly you see this, since the rotation is private: nobody was told.")
    }

    pub(super) fn refused(&self, refusal: &RotationRefusal) -> String {
        match refusal {
            // Whoever types a name sees no list of members that could be outdated.
            RotationRefusal::NotAMember => {
                "This person is not a member of the rotation. Add them on its page first."
                    .to_owned()
            }
            refusal => escaped(&refusal.to_string()),
        }
    }

    pub(super) fn failure(&self, failure: &Failure) -> String {
        match failure {
            Failure::Denied(denial) => escaped(&denial.to_string()),
            Failure::NotFound => "The rotation is gone, or you may not see it any more.".to_owned(),
            Failure::SignedOut => self.not_admitted(),
            Failure::Stopping => {
                "Round Robin is being started anew. Try again in a minute.".to_owned()
            }
            Failure::Store(_) => format!(
                "Round Robin could not do that just now. Look at {} whether it was done, and try again in a minute.",
                self.link("/rotations", "the rotations")
            ),
        }
    }

    pub(super) fn stranger(&self) -> String {
        "Round Robin does not know you yet. It reads people from Slack every few minutes: try again then, or ask an admin of the workspace whether it is installed."
            .to_owned()
    }

    pub(super) fn not_admitted(&self) -> String {
        "Round Robin is not installed in this workspace any more, or does not serve it, or your account is deactivated. Ask an admin of the workspace."
            .to_owned()
    }

    pub(super) fn installation_ended(&self) -> String {
        escaped(&types::Denial::InstallationEnded.to_string())
    }

    pub(super) fn under_way(&self) -> String {
        "The same command is being done already.".to_owned()
    }

    pub(super) fn broken_off(&self) -> String {
        format!(
            "This command was broken off and may have been done. Look at {}, then give it again if it was not.",
            self.link("/rotations", "the rotations")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Links, listing};
    use types::RotationFilter;

    fn listed(name: &str) -> Listed {
        Listed {
            id: RotationId::new("r1"),
            name: name.to_owned(),
            code: Some("OPS".to_owned()),
            outlook: Outlook::default(),
        }
    }

    fn told(count: usize) -> String {
        let found = (0..count).map(|_| (domain::Traits::default(), listed("<!here>")));
        let listing = listing(found.collect(), &RotationFilter::default());
        let replies = Reply::new(|path| format!("https://rr{path}"));
        replies.list(&listing, &Directory::new(Vec::new(), Links::new()))
    }

    #[test]
    fn rotations_are_listed_and_nobody_smuggles_a_mention_in() {
        let line =
            "• <https://rr/rotations/r1|\u{2068}&lt;!here&gt;\u{2069}> `OPS`: nobody is on duty";
        assert_eq!(told(1), line);
        assert!(told(0).contains("no rotation that you may see"));
    }

    #[test]
    fn of_very_many_some_are_listed() {
        let told = told(30);
        assert_eq!(told.lines().count(), LISTED + 1);
        assert!(
            told.ends_with("And <https://rr/rotations|5 more>."),
            "{told}"
        );
    }
}
