//! What the demo says once it serves.

use super::{Seeded, State, write};
use crate::output::{print, shell_word};
use posthouse_domain::{Words, words};

impl Seeded {
    /// Says where everything is, and what to try first.
    pub(crate) fn introduce(&self, base: &str) {
        let State {
            api_key,
            approver_key,
            coupon,
            customers,
            ..
        } = &self.state;
        let line = |head: Words, text: Option<&str>| {
            text.filter(|text| !text.is_empty())
                .map_or_else(String::new, |text| format!("  {}{text}\n", padded(&head.to_string())))
        };
        let bindings = self.bindings.join(", ");
        let campaigns = self.campaigns.join(", ");
        let rules = if bindings.is_empty() {
            words!(
                "\nNo plugins were found in plugins/dist; `make plugins` builds them.\n",
                "\nplugins/dist 中没有插件；可用 `make plugins` 生成。\n"
            )
            .to_string()
        } else {
            line(words!("In force", "生效规则"), Some(&bindings))
        };
        let head = words!(
            "Posthouse is running, with an agency of {customers} made-up customers.",
            "Posthouse 已启动，演示旅行社有 {customers} 位虚构客户。"
        );
        let mut places = line(words!("Console", "控制台"), Some(base));
        places += &line(words!("API", "接口"), Some(&format!("{base}/api/v1")));
        places += &line(words!("OpenAPI", "接口文档"), Some(&format!("{base}/api/openapi.json")));
        places += &line(words!("API key", "API 密钥"), Some(api_key));
        places += &line(words!("Approver", "审批密钥"), approver_key.as_deref());
        places += &self.logins_said();
        places += &rules;
        places += &line(words!("Campaigns", "进行中活动"), Some(&campaigns));
        places += &line(words!("Coupon", "优惠券"), coupon.as_deref());
        let look = words!("To look around from another terminal:", "在另一个终端中试用：");
        let stop = words!(
            "Ctrl-C stops it; the data stays for the next time.",
            "按 Ctrl-C 停止；数据会保留到下次启动。"
        );
        let alias = alias();
        let first = self.state_of_trip();
        // whoever closed standard output does not want to know
        let told = print(&format!(
            "\n{head}\n\n{places}\n{look}\n\n  export POSTHOUSE_URL={base} POSTHOUSE_API_KEY={api_key}\n{alias}  posthouse customers 李\n  \
             posthouse segments\n  posthouse plugin list\n  posthouse campaigns\n{first}\n{stop}\n"
        ));
        if told.is_ok() && !self.state.logins_told {
            let state = State {
                logins_told: true,
                ..self.state.clone()
            };
            if let Err(failure) = write(&self.path, &state) {
                // the next start draws other passwords
                tracing::warn!(
                    problem = failure.message,
                    "it was not noted that the passwords were said"
                );
            }
        }
    }

    /// Who can sign in, and with which password where that was just drawn.
    fn logins_said(&self) -> String {
        let said = self.logins.iter().map(|login| {
            let head = padded(&login.head.to_string());
            let password = match &login.password {
                Some(password) => words!("{password}  (shown this once)", "{password}（仅显示这一次）"),
                None => words!(
                    "password as shown at the first start; `posthouse staff reset {email} --database {database}` gives another",
                    "密码见首次启动时的显示；如需重设：`posthouse staff reset {email} --database {database}`",
                    email = login.email,
                    database = crate::config::hide_password(&self.state.database)
                ),
            };
            format!("  {head}{}  {password}\n", login.email)
        });
        said.collect()
    }

    /// What to ask about the customer who saves something.
    fn state_of_trip(&self) -> String {
        let Some(trip) = &self.trip else {
            return String::new();
        };
        let file = std::path::absolute(&trip.file).unwrap_or_else(|_| trip.file.clone());
        let (file, name, member_no) = (shell_word(&file.to_string_lossy()), &trip.name, &trip.member_no);
        let ask = words!(
            "To ask what a trip costs {name} with every campaign in force:",
            "查询一条线路的价格（客户：{name}；含全部进行中活动）："
        );
        format!("  posthouse customers show {member_no}\n\n{ask}\n\n  posthouse quote {file}\n")
    }
}

/// A word and blanks to where what it names begins; Chinese characters take two columns.
fn padded(head: &str) -> String {
    let width: usize = head.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{head}{}", " ".repeat(11_usize.saturating_sub(width).max(1)))
}

/// How to call this program, where no `posthouse` is found by its name.
fn alias() -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join("posthouse").is_file());
    match std::env::current_exe() {
        Ok(program) if !found => format!("  alias posthouse={}\n", shell_word(&program.to_string_lossy())),
        _ => String::new(),
    }
}
