//! The form that asks for the token.

use maud::{DOCTYPE, html};

/// The page; `why` says what was wrong with the last try.
pub fn login_page(why: Option<&str>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Quarterhour: log in" }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/page.css";
            }
            body {
                main.login {
                    h1 { "Quarterhour" }
                    @if let Some(why) = why { p.bad role="alert" { (why) } }
                    form method="post" action="/login" {
                        label for="token" { "Token" }
                        input #token type="password" name="token" autocomplete="current-password" required autofocus;
                        button { "Log in" }
                    }
                    p.soft { "The token is the one that the server was started with." }
                }
            }
        }
    };
    page.into_string()
}
