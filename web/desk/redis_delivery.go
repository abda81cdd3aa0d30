package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"clarion/internal/redisdb"
	"clarion/petition"
)

func (d *Desk) saveStep(ctx context.Context, r *petition.Roll, s DeliveryStep) error {
	text, err := json.Marshal(s)
	if err == nil {
		err = d.Redis.RPush(redisdb.Kept(ctx), keyDelivery.Name(r.ID), text).Err()
	}
	if err != nil {
		return fmt.Errorf("note a delivery: %w", err)
	}
	return nil
}

// deliverySteps are all that were noted, the first one first.
func (d *Desk) deliverySteps(ctx context.Context, r *petition.Roll) ([]DeliveryStep, error) {
	all, err := d.Redis.LRange(ctx, keyDelivery.Name(r.ID), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	out := make([]DeliveryStep, len(all))
	for i, text := range all {
		if err := json.Unmarshal([]byte(text), &out[i]); err != nil {
			return nil, fmt.Errorf("read deliveries: %w", err)
		}
	}
	return out, nil
}
