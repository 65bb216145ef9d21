//! The columns a candle can have.

use std::fmt;

/// A column of candles, or the target that a close-only source brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// First price of the bar.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Traded amount in the base asset.
    Volume,
    /// Traded amount in the quote asset.
    QuoteVolume,
    /// Number of trades.
    Count,
    /// Base amount bought by takers.
    TakerBuyVolume,
    /// Quote amount bought by takers.
    TakerBuyQuoteVolume,
    /// A target given with the candles (close-only form).
    Target,
    /// Worth of all units of the coin at the bar's close, in the quote currency.
    MarketCap,
    /// Number of units of the coin that can be traded, at the bar's close.
    CirculatingSupply,
}

impl Column {
    /// All columns, in the order of the files.
    pub const ALL: [Self; 12] = [
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::QuoteVolume,
        Self::Count,
        Self::TakerBuyVolume,
        Self::TakerBuyQuoteVolume,
        Self::Target,
        Self::MarketCap,
        Self::CirculatingSupply,
    ];

    /// The column's name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::QuoteVolume => "quote_volume",
            Self::Count => "count",
            Self::TakerBuyVolume => "taker_buy_volume",
            Self::TakerBuyQuoteVolume => "taker_buy_quote_volume",
            Self::Target => "target",
            Self::MarketCap => "market_cap",
            Self::CirculatingSupply => "circulating_supply",
        }
    }

    /// Whether the column is a price, which a filled minute carries forward.
    pub fn is_price(self) -> bool {
        matches!(self, Self::Open | Self::High | Self::Low | Self::Close)
    }

    /// Whether the column is an amount that was traded in the bar: 0 where nothing was.
    pub fn is_traded(self) -> bool {
        matches!(
            self,
            Self::Volume
                | Self::QuoteVolume
                | Self::Count
                | Self::TakerBuyVolume
                | Self::TakerBuyQuoteVolume
        )
    }

    /// Whether the column is a size of the coin at the bar's close, which no file need have: 0 says
    /// that it is not known.
    pub fn is_size(self) -> bool {
        matches!(self, Self::MarketCap | Self::CirculatingSupply)
    }

    /// `open, high and low`-like list of names for messages.
    pub fn list(columns: &[Self]) -> String {
        columns
            .iter()
            .map(|column| column.name())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
