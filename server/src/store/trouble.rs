//! What can be wrong with the database as a whole, beyond one statement, and the
//! sentence that says so. Which error means what differs between the engines and is
//! told by [`super::Engine`].

/// Why the database does not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Trouble {
    #[error(
        "the disk of the database is full; make space on it, and everything goes on by itself within seconds"
    )]
    DiskFull,
    #[error(
        "the database takes no writes, as after a failover that left the connections with a standby, or when its file or disk became read-only; it is tried again until it does"
    )]
    ReadOnly,
    #[error(
        "the database does not answer; see whether it runs and whether the network to it is sound"
    )]
    NoAnswer,
    #[error("the connection to the database was lost; it is made anew until that succeeds")]
    Lost,
    #[error("another program keeps the database locked; end what works on it beside this server")]
    Locked,
    #[error("the database answers, but does not write in time; see what burdens it, and its disk")]
    Slow,
    #[error("the database grants no more connections; raise its limit, or end who holds them")]
    TooManyConnections,
    /// Remedy: grant the user access again in Postgres, or correct the URL and start the
    /// server anew.
    #[error("the database does not accept the user or the password of ROUNDROBIN_DATABASE_URL")]
    LoginRefused,
    #[error(
        "the database's file cannot be read or written; look at the disk, and if it is sound, restore a backup with: roundrobin restore FILE"
    )]
    Damaged,
    #[error("the database refuses what is written; the log has its words")]
    Refused,
}

impl Trouble {
    /// The word that metrics and scripts know it by.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::ReadOnly => "read_only",
            Self::NoAnswer => "no_answer",
            Self::Lost => "lost",
            Self::Locked => "locked",
            Self::Slow => "slow",
            Self::TooManyConnections => "too_many_connections",
            Self::LoginRefused => "login_refused",
            Self::Damaged => "damaged",
            Self::Refused => "refused",
        }
    }

    /// Whether connections that were made before it will not be better than the one
    /// that met it.
    pub(super) const fn spoils_connections(self) -> bool {
        match self {
            Self::ReadOnly | Self::NoAnswer | Self::Lost | Self::Damaged => true,
            Self::DiskFull
            | Self::Locked
            | Self::Slow
            | Self::TooManyConnections
            | Self::LoginRefused
            | Self::Refused => false,
        }
    }
}
