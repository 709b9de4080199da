//! A provider by which people may sign in.

use super::{Config, ConfigError};
use posthouse_app::team::ProviderTerms;
use posthouse_domain::{Words, words};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// A provider of sign-ins (OpenID Connect).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Oidc {
    /// Its address; empty for none.
    pub(crate) issuer: String,
    /// What it calls this server.
    pub(crate) client_id: String,
    /// What this server proves with that it is that.
    pub(crate) client_secret: String,
    /// The same in a file; relative to `data`.
    pub(crate) client_secret_file: PathBuf,
    /// What the button says it is.
    pub(crate) title: String,
    /// Domains of e-mail addresses that it may speak for; none: all.
    pub(crate) domains: Vec<String>,
    /// Slugs of agencies that it lets into; none: all.
    pub(crate) agencies: Vec<String>,
    /// Whether people who have come by it may go on using a password.
    pub(crate) password: bool,
    /// Whether it asks for a second factor itself.
    pub(crate) second_factor: bool,
    /// Also on this machine and its network, and without TLS.
    pub(crate) allow_private: bool,
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oidc({})", self.issuer)
    }
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            client_secret_file: PathBuf::new(),
            title: "SSO".into(),
            domains: Vec::new(),
            agencies: Vec::new(),
            password: true,
            second_factor: false,
            allow_private: false,
        }
    }
}

impl Oidc {
    /// Passes a provider that can be asked, or none.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let strange = |setting, value: &str, problem: Words| {
            Err(ConfigError::Value {
                setting,
                value: value.to_owned(),
                problem,
            })
        };
        if self.issuer.is_empty() {
            return Ok(());
        }
        let is_safe = self.issuer.starts_with("https://") || self.allow_private && self.issuer.starts_with("http://");
        if !is_safe {
            return strange(
                "oidc.issuer",
                &self.issuer,
                words!(
                    "must begin with https://; without TLS only with oidc.allow-private",
                    "应以 https:// 开头；不用 TLS 需设置 oidc.allow-private"
                ),
            );
        }
        if self.client_id.is_empty() {
            return strange(
                "oidc.client-id",
                "",
                words!(
                    "must be what the provider calls this server",
                    "应为登录服务分配的客户端标识"
                ),
            );
        }
        if self.title.trim().is_empty() || self.title.chars().count() > 60 {
            return strange(
                "oidc.title",
                &self.title,
                words!("must have 1 to 60 characters", "应为 1 到 60 个字符"),
            );
        }
        Ok(())
    }
}

impl Config {
    /// The provider by which people may sign in, if there is one.
    ///
    /// # Errors
    /// A secret that cannot be read.
    pub(crate) fn provider(&self) -> std::io::Result<Option<ProviderTerms>> {
        let oidc = &self.oidc;
        if oidc.issuer.is_empty() {
            return Ok(None);
        }
        let client_secret = match oidc.client_secret_file.as_os_str() {
            none if none.is_empty() => oidc.client_secret.clone(),
            _ => std::fs::read_to_string(self.in_data(&oidc.client_secret_file))?
                .trim()
                .to_owned(),
        };
        Ok(Some(ProviderTerms {
            issuer: oidc.issuer.clone(),
            client_id: oidc.client_id.clone(),
            client_secret,
            title: oidc.title.trim().to_owned(),
            domains: oidc.domains.clone(),
            agencies: oidc.agencies.clone(),
            allow_private: oidc.allow_private,
            password: oidc.password,
            vouches: oidc.second_factor,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Oidc)) -> Config {
        let mut config = Config::default();
        config.oidc.issuer = "https://id.example".into();
        config.oidc.client_id = "posthouse".into();
        change(&mut config.oidc);
        config
    }

    #[test]
    fn a_provider_is_whole_or_none() {
        assert!(Config::default().provider().unwrap().is_none());
        assert!(with(|_| {}).check().is_ok());
        for (config, named) in [
            (with(|oidc| oidc.issuer = "http://id.example".into()), "oidc.issuer"),
            (with(|oidc| oidc.issuer = "id.example".into()), "oidc.issuer"),
            (with(|oidc| oidc.client_id.clear()), "oidc.client-id"),
            (with(|oidc| oidc.title = " ".into()), "oidc.title"),
        ] {
            let refused = config.check().unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
        let near = with(|oidc| {
            oidc.issuer = "http://127.0.0.1:9".into();
            oidc.allow_private = true;
        });
        assert!(near.check().is_ok());
    }

    #[test]
    fn its_secret_may_stand_in_a_file_and_is_in_no_log() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("client"), "hush\n").unwrap();
        let mut config = with(|oidc| oidc.client_secret_file = "client".into());
        config.data = folder.path().to_owned();
        let terms = config.provider().unwrap().unwrap();
        assert_eq!(terms.client_secret, "hush");
        config.oidc.client_secret = "hush".into();
        assert!(!format!("{terms:?} {config:?}").contains("hush"));
        config.oidc.client_secret_file = "missing".into();
        assert!(config.provider().is_err());
    }
}
