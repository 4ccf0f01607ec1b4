"""Errors that users can act on.

Every message is a sentence that says what is wrong (the file, the parameter, the value) and,
unless it is obvious, what to do.  The window shows it where it happened; the command line prints
it and exits with 1.
"""


class MsvizError(Exception):
    """Base class of errors that users can understand and act on."""


class ParameterError(MsvizError, ValueError):
    """A parameter has an invalid value."""


class AudioError(MsvizError):
    """An audio file cannot be opened, read or written."""


class StorageError(MsvizError):
    """A stored representation cannot be opened, read or written."""


class DeviceError(MsvizError):
    """Sound cannot be played: the library or the device is missing, or the device was disconnected."""


def as_sentence(error: BaseException) -> MsvizError:
    """Any error as a message for users; the traceback of an internal error is in the log."""
    if isinstance(error, MsvizError):
        return error
    if isinstance(error, MemoryError):
        return MsvizError("There is not enough memory for this.")
    return MsvizError(f"Internal error: {error!r} (see Help > Show log, or run msviz --verbose).")
