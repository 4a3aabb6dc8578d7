"""What can be wrong with a file to import. What is wrong with one of its records is a dead letter, not an error."""

from onevoice.kit.errors import DomainError


class ImportsError(DomainError):
    """The file cannot be imported."""


class UnreadableFileError(ImportsError):
    """The file cannot be imported."""

    code = "unreadable_file"
    kind = "invalid"


class ImportRunningError(ImportsError):
    """The file is being imported."""

    code = "import_running"
    kind = "conflict"


class UnknownImportError(ImportsError):
    """There is no such import."""

    code = "unknown_import"
    kind = "not_found"


class ImportStateError(ImportsError):
    """The import is not at that point."""

    code = "import_state"
    kind = "conflict"


class AlreadyImportedError(ImportsError):
    """The file was imported before."""

    code = "already_imported"
    kind = "conflict"


class UploadTooLargeError(ImportsError):
    """The file is too large."""

    code = "upload_too_large"
    kind = "too_large"


class DiskFullError(ImportsError):
    """The disk is nearly full."""

    code = "disk_full"
    kind = "unavailable"


class UploadOffsetError(ImportsError):
    """The piece does not follow on what is there."""

    code = "upload_offset"
    kind = "conflict"
