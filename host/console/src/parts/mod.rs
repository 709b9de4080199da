//! What several rooms draw: a plugin's settings as a form, who went where as a picture, facts by their names, forms that say what is wrong in
//! themselves, a customer chosen while one types.

pub(crate) mod dialog;
pub(crate) mod facts;
pub(crate) mod flow;
pub(crate) mod months;
pub(crate) mod pick;
pub(crate) mod schema;
pub(crate) mod settings;
pub(crate) mod tabs;
