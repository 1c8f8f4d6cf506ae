//! Which PagerDuty account it is: whether two are the same decides what is bound back, and
//! when a person is asked first.

/// Which account it is, as far as PagerDuty has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountIdentity {
    /// The first part of the account's web address, in lower case.
    pub subdomain: Option<String>,
    /// The account's id, which only ID tokens tell.
    pub account_id: Option<String>,
}

impl AccountIdentity {
    /// Whether the two are certainly not the same account. Ids decide, since a
    /// subdomain can be renamed; where neither is known of both, nobody can tell.
    pub fn differs_from(&self, other: &Self) -> bool {
        match (&self.account_id, &other.account_id) {
            (Some(one), Some(two)) => one != two,
            _ => match (&self.subdomain, &other.subdomain) {
                (Some(one), Some(two)) => one != two,
                _ => false,
            },
        }
    }

    /// Whether the two are certainly the same account; where neither id nor
    /// subdomain is known of both, nobody can tell.
    pub fn is_certainly(&self, other: &Self) -> bool {
        let comparable = (self.account_id.is_some() && other.account_id.is_some())
            || (self.subdomain.is_some() && other.subdomain.is_some());
        comparable && !self.differs_from(other)
    }

    /// What is known of both together, this one's word first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            subdomain: self.subdomain.or(other.subdomain),
            account_id: self.account_id.or(other.account_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(subdomain: Option<&str>, id: Option<&str>) -> AccountIdentity {
        AccountIdentity {
            subdomain: subdomain.map(str::to_owned),
            account_id: id.map(str::to_owned),
        }
    }

    #[test]
    fn another_account_is_noticed_by_its_id_or_else_by_its_subdomain() {
        let (acme, books) = (Some("acme"), Some("books"));
        for (one, other, differs) in [
            (account(acme, Some("A1")), account(acme, Some("A2")), true),
            // Renamed.
            (account(acme, Some("A1")), account(books, Some("A1")), false),
            (account(acme, None), account(books, Some("A1")), true),
            (account(acme, None), account(acme, Some("A1")), false),
            (account(None, Some("A1")), account(acme, None), false),
            (account(None, None), account(acme, None), false),
        ] {
            assert_eq!(one.differs_from(&other), differs, "{one:?} {other:?}");
            assert_eq!(other.differs_from(&one), differs, "{other:?} {one:?}");
        }
    }

    #[test]
    fn the_same_account_is_recognised_only_by_what_is_known_of_both() {
        let (acme, books) = (Some("acme"), Some("books"));
        for (one, other, same) in [
            (account(acme, Some("A1")), account(books, Some("A1")), true),
            (account(acme, Some("A1")), account(acme, Some("A2")), false),
            (account(acme, None), account(acme, Some("A1")), true),
            (account(acme, None), account(books, None), false),
            (account(None, Some("A1")), account(acme, None), false),
            (account(None, None), account(None, None), false),
        ] {
            assert_eq!(one.is_certainly(&other), same, "{one:?} {other:?}");
        }
    }
}
