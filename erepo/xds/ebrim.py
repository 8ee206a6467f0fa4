"""ebRIM 3.0 in both directions."""

from erepo.xds.ebrim_objects import Rules
from erepo.xds.ebrim_reading import read_objects
from erepo.xds.ebrim_writing import OBJECT_LIST, write_object_list, write_objects
from erepo.xds.errors import MetadataError

__all__ = ["OBJECT_LIST", "MetadataError", "Rules", "read_objects", "write_object_list", "write_objects"]
