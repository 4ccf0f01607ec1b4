"""The errors that a person can act on.

Every message is one sentence that names what is wrong (the file, the parameter, the value) and,
where it is not plain, what to do.  The window shows it where it happened; the command line prints
it and exits with 1.
"""


class MsvizError(Exception):
    """Something went wrong that a person can understand and act on."""


class ParameterError(MsvizError, ValueError):
    """A parameter has a value that cannot be used."""


class AudioError(MsvizError):
    """An audio file cannot be opened, read or written."""


class StorageError(MsvizError):
    """A file of a representation cannot be opened, read or written."""


class DeviceError(MsvizError):
    """Sound cannot be played: no library, no device, or a device that went away."""


def as_sentence(error: BaseException) -> MsvizError:
    """What a person reads of any error; the traceback of one that nobody has foreseen is in the log."""
    if isinstance(error, MsvizError):
        return error
    if isinstance(error, MemoryError):
        return MsvizError("There is not enough memory for this.")
    return MsvizError(f"Internal error: {error!r} (see Help > Show log, or run msviz --verbose).")
