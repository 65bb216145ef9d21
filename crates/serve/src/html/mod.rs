//! The page: one document, made whole for every request, without inline script or style.

mod bars;
mod cards;
mod forecast_card;
mod health_card;
mod login;
mod model_card;
mod page;
mod pills;
mod view;
mod words;

pub use login::login_page;
pub use page::page;
pub use view::View;
