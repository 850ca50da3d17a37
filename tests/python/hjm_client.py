"""A client in another language: nothing generated, everything asked from the server by reflection.

    with Service("127.0.0.1:7103", "hjalpmedel.billing.v1.StatementService", CALLER) as statements:
        answer = statements.GetStatement(customer_number="2380", month="2025-03")
"""

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

DEADLINE_SECONDS = 10


class Service:
    """One gRPC service: its unary RPCs are methods that take the request's fields by name."""

    def __init__(self, address, name, caller):
        self._channel = grpc.insecure_channel(address)
        self._metadata = [("hjm-caller", caller)]
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(self._channel))
        self._descriptor = pool.FindServiceByName(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()

    def __getattr__(self, rpc):
        method = self._descriptor.methods_by_name.get(rpc)
        if method is None:
            raise AttributeError(f"{self._descriptor.full_name} has no RPC {rpc}")
        request = message_factory.GetMessageClass(method.input_type)
        answer = message_factory.GetMessageClass(method.output_type)
        call = self._channel.unary_unary(
            f"/{self._descriptor.full_name}/{rpc}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )

        def invoke(**fields):
            return call(request(**fields), timeout=DEADLINE_SECONDS, metadata=self._metadata)

        return invoke


def kronor(money):
    """An amount in öre as text, without a float on the way: "600.00"."""
    ore = money.units * 100 + money.nanos // 10_000_000
    sign, ore = ("-", -ore) if ore < 0 else ("", ore)
    return f"{sign}{ore // 100}.{ore % 100:02d}"
