use posthouse_sdk::prelude::*;

/// A theme by the words an agency has for it, and the destinations that belong to it.
#[settings]
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How the theme is spelled in bookings; a customer whose favourite theme is one of these words is interested.
    #[setting(en = "Words for the theme", zh = "主题用词")]
    #[setting(about_zh = "订单里怎样写这个主题；最常选其中任一主题的客户算感兴趣。")]
    #[setting(length(max = 20), inner(length(min = 1, max = 60)), default = vec!["family".to_owned(), "亲子".to_owned()])]
    pub(crate) themes: Vec<String>,
    /// Destinations that stand for the theme; a customer whose favourite destination is one of them is interested as well.
    #[setting(en = "Destinations of the theme", zh = "主题目的地")]
    #[setting(about_zh = "代表这个主题的目的地；最常去其中任一处的客户也算感兴趣。")]
    #[setting(length(max = 50), inner(length(min = 1, max = 60)))]
    pub(crate) destinations: Vec<String>,
    /// How many views and searches in 30 days say that somebody is looking around.
    #[setting(en = "Views and searches in 30 days", zh = "30 天浏览和搜索次数")]
    #[setting(about_zh = "近 30 天浏览和搜索合计多少次算正在关注。")]
    #[setting(range(min = 1, max = 1000), default = 3)]
    pub(crate) visits: i32,
}

impl Settings {
    /// Refuses a theme that nobody could be interested in.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        if self.themes.is_empty() && self.destinations.is_empty() {
            problems.overall(
                "themes 和 destinations 都为空，找不到任何客人；请至少写一个主题词或目的地",
                "themes and destinations are both empty; name at least one word or one place, or nobody is found",
            );
        }
        for (list, words) in [("themes", &self.themes), ("destinations", &self.destinations)] {
            for (place, word) in words.iter().enumerate() {
                if word.trim() != word.as_str() {
                    problems.at(
                        format!("/{list}/{place}"),
                        format!("{word:?} 首尾有空格，订单中不会这样写；请去掉空格"),
                        format!("{word:?} begins or ends with a space, which no booking has; leave it out"),
                    );
                }
            }
        }
    }
}
