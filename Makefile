# The scripts do the work, so that a machine without make can call them directly.

.PHONY: run test bench prepare

# The service on a database of its own, with a demo tenant to look around in.
run:
	deploy/run.sh

# What every change has to pass.
test:
	deploy/test.sh

# How fast it is on this machine, beside what to compare it with.
bench:
	deploy/bench.sh

# After a change of a query or a migration.
prepare:
	deploy/prepare.sh
