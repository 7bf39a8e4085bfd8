"""Goal: the gRPC interface is the client's: every service, message, field number and type that the client has, the server
has. Method: the server's own description, by reflection, beside the descriptors inside the client."""

import importlib
import pkgutil
import unittest

import grpc
import qdrant_client.grpc
from google.protobuf import descriptor_pb2

from world import Server


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def parts(data):
    """The fields of a message that are bytes, with their numbers."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        length, at = varint(data, at)
        if key & 7 == 2:
            yield key >> 3, data[at : at + length]
            at += length


def client_files():
    for module in pkgutil.iter_modules(qdrant_client.grpc.__path__):
        if module.name.endswith("_pb2"):
            file = descriptor_pb2.FileDescriptorProto()
            importlib.import_module(f"qdrant_client.grpc.{module.name}").DESCRIPTOR.CopyToProto(file)
            yield file


def facts(file):
    """Everything of a file that goes over the wire, by name."""
    found = {}

    def message(prefix, one):
        name = f"{prefix}.{one.name}"
        for field in one.field:
            oneof = one.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None
            kept = (field.number, field.type, field.type_name, field.label, field.proto3_optional, oneof)
            found[f"{name}.{field.name}"] = kept
        for inner in one.nested_type:
            message(name, inner)
        for inner in one.enum_type:
            enum(name, inner)

    def enum(prefix, one):
        for value in one.value:
            found[f"{prefix}.{one.name}.{value.name}"] = value.number

    for one in file.message_type:
        message(file.package, one)
    for one in file.enum_type:
        enum(file.package, one)
    for service in file.service:
        for method in service.method:
            streams = (method.client_streaming, method.server_streaming)
            found[f"{service.name}/{method.name}"] = (method.input_type, method.output_type, streams)
    return found


class Interface(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)

    def server_file(self, name):
        with grpc.insecure_channel(f"localhost:{self.server.grpc_port}") as channel:
            ask = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
            # file_by_filename = 3; file_descriptor_response = 4, file_descriptor_proto = 1
            text = name.encode()
            for answer in ask(iter([bytes([3 << 3 | 2, len(text)]) + text]), timeout=30):
                files = [inner for number, part in parts(answer) if number == 4 for _, inner in parts(part)]
                return descriptor_pb2.FileDescriptorProto.FromString(files[0])

    def test_the_server_has_what_the_client_has(self):
        count = 0
        for file in client_files():
            ours, theirs = facts(self.server_file(file.name)), facts(file)
            for name, fact in theirs.items():
                self.assertEqual(ours.get(name), fact, name)
            count += len(theirs)
        self.assertGreater(count, 900)


if __name__ == "__main__":
    unittest.main()
