"""Checks the arithmetic of the report. Needs nothing but Python; never runs an engine."""

import math
import unittest

from compare import report


class Fronts(unittest.TestCase):
    # Goal: QPS at a recall is never better than what was measured. Method: hand-made points with a dominated one.
    def test_reads_between_measured_points_only(self):
        points = [
            {"recall": 0.80, "qps": 1000.0, "batch_recall": 0.80, "batch_qps": 4000.0},
            {"recall": 0.90, "qps": 900.0},
            {"recall": 0.85, "qps": 100.0},
            {"recall": 0.98, "qps": 400.0},
        ]
        front = report.qps_front(points)
        self.assertEqual(front, [(0.80, 4000.0), (0.90, 900.0), (0.98, 400.0)])
        self.assertEqual(report.at(front, 0.5), 4000.0)
        self.assertAlmostEqual(report.at(front, 0.90), 900.0)
        self.assertAlmostEqual(report.at(front, 0.94), math.sqrt(900.0 * 400.0))
        self.assertIsNone(report.at(front, 0.99))

    # Goal: latency takes the lowest, speed the highest. Method: two rounds of one setting.
    def test_takes_the_best_round_of_a_setting(self):
        slow = {"setting": 10, "recall": 0.95, "qps": 500.0, "batch_qps": 900.0, "p50_us": 2000.0}
        fast = {"setting": 10, "recall": 0.95, "qps": 800.0, "batch_qps": 700.0, "p50_us": 1250.0}
        (best,) = report.best_points({"rounds": [{"points": [slow]}, {"points": [fast]}]})
        self.assertEqual((best["qps"], best["batch_qps"], best["p50_us"]), (800.0, 900.0, 1250.0))
        lowest = report.front([(0.9, 30.0), (0.95, 20.0), (0.99, 50.0)], lower_is_better=True)
        self.assertEqual(lowest, [(0.95, 20.0), (0.99, 50.0)])


if __name__ == "__main__":
    unittest.main()
