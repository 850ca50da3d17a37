"""What a customer number is charged in a closed month: statement.py CUSTOMER YYYY-MM [ADDRESS]"""

import sys

from hjm_client import Service, kronor

CALLER = "tenant=jamtland-harjedalen;user=python;roles=aid_centre"


def main(customer, month, address="127.0.0.1:7103"):
    with Service(address, "hjalpmedel.billing.v1.StatementService", CALLER) as statements:
        statement = statements.GetStatement(customer_number=customer, month=month).statement
    print(f"{statement.customer_number} {statement.month} owner {statement.principal_id}")
    for name in ("rent", "sales", "total", "own_fees"):
        print(f"{name:<9} {kronor(getattr(statement, name)):>12}")


if __name__ == "__main__":
    main(*sys.argv[1:])
