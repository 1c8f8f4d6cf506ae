//! The promises of the server that need a database or a network, tested through
//! its public interface. One binary, since each would link the whole server.

mod audit;
mod background;
mod backup;
mod changes;
mod clocks;
mod connection;
mod database;
mod duties;
mod faults;
mod former;
mod history;
mod http;
mod keys;
mod kills;
mod links;
mod mutation;
mod oauth;
mod oddities;
mod operating;
mod overview;
mod pooler;
mod replicas;
mod rotas;
mod rotations;
mod runs;
mod sign_in;
mod starts;
mod statements;
mod support;
mod sync;
mod upgrades;
mod weather;
