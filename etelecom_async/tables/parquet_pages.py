"""The sizes of a Parquet file's pages, from their headers: the footer has only those of whole chunks."""

from __future__ import annotations

from typing import BinaryIO, cast

from attrs import frozen

from .arrow import Chunk

__all__ = ["Pages", "pages_of"]

_HEADER = 4096
_LONGEST_HEADER = 1024 * 1024
# The types of Thrift's compact protocol, in which page headers are written.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12
# Fields of a page header, and of the header of a dictionary page within it.
_UNPACKED, _PACKED, _DICTIONARY, _ENTRIES = 2, 3, 7, 1


@frozen(kw_only=True)
class Pages:
    """The pages of a column in one row group, in bytes without compression.

    Attributes:
        dictionary: the size of the dictionary; 0 if there is none.
        entries: how many values it has.
        largest: the size of the largest page of data.
    """

    dictionary: int = 0
    entries: int = 0
    largest: int = 0

    @property
    def memory(self) -> int:
        """About the bytes that reading them takes: each page is held decompressed, and again as values."""
        return 2 * (self.dictionary + self.largest)


def pages_of(file: BinaryIO, chunk: Chunk) -> Pages:
    """The pages of a chunk. One whose headers cannot be read, since it is encrypted, counts as a single page."""
    at = chunk.dictionary_page_offset if chunk.has_dictionary_page else None
    at = chunk.data_page_offset if at is None else at
    end = at + chunk.total_compressed_size
    dictionary = entries = largest = 0
    while at < end:
        try:
            header, size = _header(file, at)
            unpacked, packed = _count(header, _UNPACKED), _count(header, _PACKED)
        except (IndexError, ValueError):
            return Pages(largest=chunk.total_uncompressed_size)
        held = header.get(_DICTIONARY)
        if isinstance(held, dict):
            dictionary = max(dictionary, unpacked)
            entries = max(entries, _count(cast("dict[int, object]", held), _ENTRIES))
        else:
            largest = max(largest, unpacked)
        at += size + packed
    return Pages(dictionary=dictionary, entries=entries, largest=largest)


def _count(header: dict[int, object], name: int) -> int:
    value = header.get(name)
    if not isinstance(value, int) or value < 0:
        raise ValueError(name)
    return value


def _header(file: BinaryIO, at: int) -> tuple[dict[int, object], int]:
    """The fields of the page header at an offset, and its length."""
    length = _HEADER
    while True:
        file.seek(at)
        data = file.read(length)
        reader = _Compact(data)
        try:
            return reader.struct(), reader.at
        except IndexError:
            if len(data) < length or length >= _LONGEST_HEADER:
                raise
            length *= 16


class _Compact:
    """Reads a struct of Thrift's compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, object]:
        fields: dict[int, object] = {}
        name = 0
        while head := self._byte():
            name = name + (head >> 4) if head >> 4 else self._integer()
            fields[name] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> object:
        if kind in {_TRUE, _FALSE}:
            return kind == _TRUE
        if kind in {_I16, _I32, _I64}:
            return self._integer()
        if kind == _STRUCT and depth < _STRUCT:
            return self.struct(depth + 1)
        if kind in {_LIST, _SET}:
            head = self._byte()
            for _ in range(head >> 4 if head >> 4 < 15 else self._unsigned()):  # noqa: PLR2004 - Thrift's limit
                self._value(head & 15, depth + 1)
            return None
        if kind not in {_BYTE, _DOUBLE, _BINARY}:
            raise ValueError(kind)
        self._skip({_BYTE: 1, _DOUBLE: 8}.get(kind) or self._unsigned())
        return None

    def _integer(self) -> int:
        value = self._unsigned()
        return -(value >> 1) - 1 if value & 1 else value >> 1

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self._data):
            raise IndexError(self.at)
