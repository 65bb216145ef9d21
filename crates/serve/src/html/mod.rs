//! The page: one document, made whole for every request, without inline script or style.

mod bars;
mod cards;
mod login;
mod page;
mod pills;
mod words;

pub use login::login_page;
pub use page::page;
