//! Segments as lists and records name them: by their titles.

use crate::Desk;
use crate::fault::Answer;
use crate::ui::Ui;
use posthouse_app::team::Caller;

/// A segment of a binding.
pub(super) struct Segment {
    /// `binding.key`.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) count: u64,
}

/// A binding and its segments.
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) segments: Vec<Segment>,
}

/// Every binding of an agency.
pub(super) struct Bindings(pub(super) Vec<Binding>);

impl Bindings {
    /// The title of `binding.key`; the key itself if it is no more.
    pub(super) fn title(&self, name: &str) -> String {
        let mut all = self.0.iter().flat_map(|binding| &binding.segments);
        let Some(known) = all.clone().find(|segment| segment.name == name) else {
            return name.to_owned();
        };
        // what several sets of segments call alike says whose it is
        if all.any(|other| other.title == known.title && other.name != known.name) {
            let binding = name.split('.').next().unwrap_or_default();
            return format!("{} · {binding}", known.title);
        }
        known.title.clone()
    }
}

pub(super) async fn bindings(desk: &Desk, caller: &Caller, ui: Ui) -> Answer<Bindings> {
    let mut found: Vec<Binding> = Vec::new();
    for summary in desk.app().segments().list(caller).await? {
        let segment = Segment {
            name: format!("{}.{}", summary.binding, summary.key),
            title: ui.local(&summary.title).to_owned(),
            count: summary.count,
        };
        match found.last_mut().filter(|binding| binding.name == summary.binding) {
            Some(binding) => binding.segments.push(segment),
            None => found.push(Binding {
                name: summary.binding,
                segments: vec![segment],
            }),
        }
    }
    Ok(Bindings(found))
}
