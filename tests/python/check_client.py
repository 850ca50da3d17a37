"""A foreign client's first hour: prescribe, deliver, be refused, and read the statement.

    check_client.py deliver PRESCRIPTION_ADDRESS RECIPIENT CUSTOMER ARTICLE UNIT DAY
    check_client.py read BILLING_ADDRESS CUSTOMER MONTH

The county is set up and its clock stands on DAY; the month is closed between the two.
"""

import sys
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hjm_client import Service, kronor

CALLER = "tenant=jamtland-harjedalen;user=python;roles=aid_centre"
PRESCRIPTIONS = "hjalpmedel.prescription.v1.PrescriptionService"
STATEMENTS = "hjalpmedel.billing.v1.StatementService"
OCCASION_FIRST = 1


def date(text):
    year, month, day = map(int, text.split("-"))
    return {"year": year, "month": month, "day": day}


def named_fields(error):
    """The fields a typed error names."""
    names = []
    for detail in rpc_status.from_call(error).details:
        if detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            request = error_details_pb2.BadRequest()
            detail.Unpack(request)
            names += [violation.field for violation in request.field_violations]
    return names


def deliver(address, recipient, customer, article, unit, day):
    with Service(address, PRESCRIPTIONS, CALLER) as prescriptions:
        draft = {
            "recipient_id": recipient,
            "customer_number": customer,
            "prescribed_on": date(day),
            "lines": [{"article_number": article, "occasion": OCCASION_FIRST}],
        }
        request_id = str(uuid.uuid4())
        made = prescriptions.Prescribe(request_id=request_id, draft=draft)
        again = prescriptions.Prescribe(request_id=request_id, draft=draft)
        assert made == again, "the same request id gives the same answer"
        line = made.prescription.lines[0]
        print("own fee", kronor(line.decision.own_fee.amount), line.decision.own_fee.reason)
        try:
            prescriptions.Deliver(
                request_id=str(uuid.uuid4()),
                line_id=line.line_id,
                unit_number=unit,
                delivered_on=date("1999-12-31"),
            )
            raise SystemExit("a delivery before its prescription was taken")
        except grpc.RpcError as error:
            print("refused", error.code().name, *named_fields(error))
        loan = prescriptions.Deliver(
            request_id=str(uuid.uuid4()),
            line_id=line.line_id,
            unit_number=unit,
            delivered_on=date(day),
        )
        print("position", loan.position)


def read(address, customer, month):
    with Service(address, STATEMENTS, CALLER) as statements:
        statement = statements.GetStatement(customer_number=customer, month=month).statement
        print("rent", kronor(statement.rent), "own fees", kronor(statement.own_fees))


if __name__ == "__main__":
    {"deliver": deliver, "read": read}[sys.argv[1]](*sys.argv[2:])
