# SPDX-License-Identifier: BSD-3-Clause
"""Reads and writes the registers of a PCI device from Python.

    registers.py [PCI-ADDRESS [REGION [OFFSET [VALUE]]]]

Without an address, or with an empty one: a software device. No register is read
unless OFFSET names one, and none is written without VALUE. barspan-bindings(7)
explains what this file does.
"""
import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint, c_uint32, c_uint64, c_void_p


# Structures have the members of the headers, in the same order.
class Range(ctypes.Structure):
    _fields_ = [("offset", c_uint64), ("length", c_uint64)]


class SoftRegion(ctypes.Structure):
    _fields_ = [("size", c_uint64), ("flags", c_uint32), ("n_areas", c_uint32),
                ("areas", POINTER(Range)),
                ("read", c_void_p), ("write", c_void_p), ("context", c_void_p)]


class SoftOptions(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("n_regions", c_size_t),
                ("region_size", c_size_t), ("regions", POINTER(SoftRegion))]


class Extent(ctypes.Structure):
    _fields_ = [("offset", c_uint64), ("length", c_uint64), ("kind", c_uint), ("reason", c_uint)]


LogCallback = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_char_p)
READ_WRITE_MMAP = 1 << 0 | 1 << 1 | 1 << 2  # enum barspan_region_flags

# By soname: a library of another interface is not found.
library = ctypes.CDLL("libbarspan.so.0")


def check(result, function, _arguments):
    """Turns a negative errno value into an OSError."""
    if result < 0:
        raise OSError(-result, os.strerror(-result), function.__name__)
    return result


def declare(result, name, *arguments):
    """Returns a function of the library. Declare each one that you call: ctypes takes
    an undeclared argument or result for an int, and cuts pointers to 32 bits."""
    function = library[name]
    function.restype = result
    function.argtypes = arguments
    return function


def declare_checked(name, *arguments):
    """The same for a function that returns 0 or a negative errno value."""
    function = declare(c_int, name, *arguments)
    function.errcheck = check
    return function


set_log = declare(None, "barspan_set_log", LogCallback, c_void_p, c_int)
open_pci = declare_checked("barspan_device_open_pci", POINTER(c_void_p), c_char_p, c_void_p)
open_soft = declare_checked("barspan_device_open_soft", POINTER(c_void_p), POINTER(SoftOptions))
close = declare(None, "barspan_device_close", c_void_p)
map_region = declare_checked("barspan_map", POINTER(c_void_p), c_void_p, c_uint, c_void_p)
unmap = declare(None, "barspan_unmap", c_void_p)
is_direct = declare(ctypes.c_bool, "barspan_is_direct", c_void_p, c_uint64, c_uint64)
extent_count = declare(c_size_t, "barspan_extent_count", c_void_p)
extent_get = declare_checked("barspan_extent_get", c_void_p, c_size_t, POINTER(Extent))
reason_name = declare(c_char_p, "barspan_reason_name", c_uint)
try_read32 = declare_checked("barspan_try_read32", c_void_p, c_uint64, POINTER(c_uint32))
write32 = declare(None, "barspan_write32", c_void_p, c_uint64, c_uint32)
take_error = declare(c_int, "barspan_take_error", c_void_p, POINTER(c_uint64))


def open_device(address):
    device = c_void_p()
    if address:
        open_pci(byref(device), address.encode(), None)
        return device
    areas = (Range * 2)(Range(0, 0x1000), Range(0x3000, 0x1000))
    bar0 = SoftRegion(size=0x4000, flags=READ_WRITE_MMAP, n_areas=len(areas), areas=areas)
    options = SoftOptions(size=ctypes.sizeof(SoftOptions), n_regions=1,
                          region_size=ctypes.sizeof(SoftRegion), regions=ctypes.pointer(bar0))
    open_soft(byref(device), byref(options))
    return device


class Span:
    """A mapped region. Leaving its `with` block unmaps it: do not use it afterwards."""

    def __init__(self, device, index):
        self.pointer = c_void_p()
        map_region(byref(self.pointer), device, index, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        unmap(self.pointer)
        del self.pointer  # a later use is an AttributeError

    def extents(self):
        extent = Extent()
        for i in range(extent_count(self.pointer)):
            extent_get(self.pointer, i, byref(extent))
            yield extent.offset, extent.length, reason_name(extent.reason).decode()

    def read(self, offset):
        """Returns a register. A failed read raises OSError, and does not return all ones."""
        value = c_uint32()
        try_read32(self.pointer, offset, byref(value))
        return value.value

    def write(self, offset, value):
        """Writes a register. If that fails, the next check() raises the error."""
        write32(self.pointer, offset, value)

    def check(self):
        """Raises the first error since the last call, of any thread."""
        offset = c_uint64()
        error = -take_error(self.pointer, byref(offset))
        if error:
            raise OSError(error, os.strerror(error), f"offset {offset.value:#x}")


# A global name: the library keeps the callback, and Python must not free it.
@LogCallback
def say(_context, _level, message):
    print("registers.py:", message.decode(), file=sys.stderr)


def main(address="", region=0, offset=None, value=None):
    set_log(say, None, 1)  # BARSPAN_LOG_WARNING and BARSPAN_LOG_ERROR
    device = open_device(address)
    try:
        span = Span(device, region)
    finally:
        close(device)  # the span holds the device
    with span:
        for start, length, reason in span.extents():
            print(f"{start:#010x} + {length:#x}", "direct" if reason == "none" else reason)
        if value is not None:
            span.write(offset, value)
            span.check()
        if offset is not None:
            where = "direct" if is_direct(span.pointer, offset, 4) else "hole"
            print(f"register {offset:#x} is {span.read(offset):#010x}, {where}")


if __name__ == "__main__":
    try:
        arguments = sys.argv[1:2] + [int(text, 0) for text in sys.argv[2:5]]
        if sys.argv[5:]:
            raise ValueError
    except ValueError:
        sys.exit("usage: registers.py [PCI-ADDRESS [REGION [OFFSET [VALUE]]]]")
    try:
        main(*arguments)
    except OSError as error:
        sys.exit(f"registers.py: {error}")
