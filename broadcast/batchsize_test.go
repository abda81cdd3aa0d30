package broadcast

import (
	"testing"

	"clarion/lists/address"
)

// A short call by SMS or fax has many batches, a long one large batches, and mail large ones always.
func TestBatchSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		channel address.Channel
		n, want int
	}{
		{address.Email, 1, 256}, {address.Email, 1_000_000, 256},
		{address.SMS, 0, 16}, {address.SMS, 4000, 16}, {address.SMS, 20_000, 78}, {address.SMS, 1_000_000, 256},
		{address.Fax, 3, 2}, {address.Fax, 1000, 3}, {address.Fax, 1_000_000, 256},
	} {
		if got := batchSize(c.channel, c.n); got != c.want {
			t.Errorf("%s, %d deliveries: batches of %d, want %d", c.channel, c.n, got, c.want)
		}
	}
}

// A group that is full leaves no small batch behind.
func TestFullGroupIsOfWholeBatches(t *testing.T) {
	t.Parallel()
	for size := 1; size <= BatchSize; size++ {
		if n := fullGroup(size); n%size != 0 || n < ownLaneFrom || n >= ownLaneFrom+size && n != size {
			t.Errorf("batches of %d: %d", size, n)
		}
	}
}
