//! What REST requests of a feed bring.

use market::{Error, Served, Symbol};

/// What a REST request for a coin's candles brought, and the exchange's clock when it was sent.
#[derive(Debug)]
pub(super) struct RestReply {
    pub symbol: Symbol,
    pub asked_ms: i64,
    pub served: Result<Served, Error>,
}

/// What a request brought that nothing waits for.
#[derive(Debug)]
pub(super) enum SideReply {
    /// Candles from a time on that the exchange once seemed not to have.
    Overdue(RestReply),
    /// Whether the coin is traded.
    Status {
        symbol: Symbol,
        is_trading: Result<bool, Error>,
    },
}
