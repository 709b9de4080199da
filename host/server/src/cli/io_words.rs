//! What the operating system says of a file, in both languages.

use posthouse_domain::{Words, words};
use std::io::{Error, ErrorKind};

/// Why a file cannot be read or written. In Chinese the usual reasons are said in Chinese, and others as the system says them.
pub(crate) fn io_words(error: &Error) -> Words {
    let zh = match error.kind() {
        ErrorKind::NotFound => "没有这个文件或目录",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经存在",
        ErrorKind::IsADirectory => "这是目录，不是文件",
        ErrorKind::NotADirectory => "路径中有一段不是目录",
        ErrorKind::ReadOnlyFilesystem => "文件系统只读",
        ErrorKind::StorageFull => "磁盘已满",
        ErrorKind::QuotaExceeded => "超出磁盘配额",
        ErrorKind::FileTooLarge => "文件过大",
        ErrorKind::InvalidFilename => "文件名无效",
        ErrorKind::InvalidData => "内容不是 UTF-8 文本",
        ErrorKind::ResourceBusy => "正被占用",
        _ => return Words::same(error.to_string()),
    };
    words!("{error}", "{zh}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_reasons_are_said_in_chinese() {
        let missing = std::fs::read("/nowhere/at/all").expect_err("there is no such file");
        let said = io_words(&missing);
        assert_eq!(said.zh, "没有这个文件或目录");
        assert_eq!(said.en, missing.to_string());
        let folder = std::fs::read("/").expect_err("a folder");
        assert_eq!(io_words(&folder).zh, "这是目录，不是文件");
        let other = Error::other("it is not a file");
        assert_eq!(io_words(&other), Words::same("it is not a file"));
    }
}
