"""Options of the measuring client."""

from ragmeter._pytest.options.option import Group, Option
from ragmeter._pytest.options.parse import positive, switch

CLIENT = Group(
    name="ragmeter client",
    title="ragmeter: the measuring client",
    options=(
        Option(
            name="bench_workers",
            parse=positive,
            metavar="N",
            unset="one beside an embedded service, else one for every 500 requests in flight or starts a second, at "
            "most all cores but one",
            help="processes that send the load and do nothing else",
        ),
        Option(
            name="bench_calibrate",
            parse=switch,
            metavar="on|off",
            default=True,
            help="measure the client measurement error before a run, for a second or two, against a server on this "
            "machine",
            see="[calibration](../explanation-measurement.md#calibration)",
        ),
        Option(
            name="bench_clock",
            choices=("auto", "capture", "kernel", "user"),
            default="auto",
            help="where [arrival times](../explanation-measurement.md#the-clock) are taken: `capture` (the kernel "
            "stamps every packet; needs Linux and CAP_NET_RAW), `kernel` (it stamps every read of a socket; needs "
            "Linux), `user` (when this process reads); `auto` takes the first that is available",
        ),
    ),
)
