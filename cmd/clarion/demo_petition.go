package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/incoming"
)

// How long the sample petition has been open, and stays so, in days.
const (
	sampleOpen = 16
	sampleLeft = 14
	sampleGoal = 600
)

// sampleTime opens the sample petition some days ago, so that it has a past and a pace.
func sampleTime(c *petition.Campaign, now time.Time) {
	y, m, d := now.In(c.Zone).Date()
	c.Opens, c.Closes, c.Goal = time.Date(y, m, d-sampleOpen, 0, 0, 0, 0, c.Zone), time.Date(y, m, d+sampleLeft+1, 0, 0, 0, 0, c.Zone), sampleGoal
}

// Parts of names that are made up.
var (
	sampleFamily = []string{"김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오"}
	sampleGiven  = []string{"하늘", "바다", "은별", "슬기", "누리", "가람", "보람", "아름", "새벽", "이슬", "한결", "다온", "라온", "소담"}
	samplePlaces = []string{"seoul", "busan", "gyeonggi", "incheon", "daegu"}
)

// loadSignatures signs the sample petition by all ways, and has some sheets out, back
// and counted.
func (a *app) loadSignatures(ctx context.Context) error {
	rnd := rand.New(rand.NewPCG(demoSeed, 1))
	now := time.Now()
	regions := a.roll.Regions
	ways := []petition.Way{petition.WayWeb, petition.WayWeb, petition.WayWeb, petition.WayReply, petition.WayPost, petition.WayFax, petition.WayHand}
	for i := range 240 {
		// Most came in the first days, by fax nobody of late.
		days := rnd.IntN(sampleOpen)
		way := ways[i%len(ways)]
		if way == petition.WayFax {
			days = 8 + rnd.IntN(sampleOpen-8)
		}
		region := regions[rnd.IntN(len(regions))].ID
		if i%3 > 0 {
			for _, r := range regions {
				if r.ID == samplePlaces[i%len(samplePlaces)] {
					region = r.ID
				}
			}
		}
		s := petition.Signing{Way: way, Name: sampleFamily[rnd.IntN(len(sampleFamily))] + sampleGiven[rnd.IntN(len(sampleGiven))], Region: region, Language: "ko",
			Agreed: petition.Agreed{Opinion: true, Names: i%2 == 0}, Age: true, At: now.Add(-time.Duration(days)*24*time.Hour - time.Duration(i)*time.Minute)}
		if i%4 == 0 {
			s.Volunteer = 1
		}
		if way == petition.WayWeb {
			to, err := address.ParseEmail(fmt.Sprintf("signer%d@%s", i, sampleDomain[i%len(sampleDomain)]))
			if err != nil {
				return fmt.Errorf("make a sample signature: %w", err)
			}
			s.Contact, s.Agreed.News = to, true
		}
		added, err := a.roll.Add(ctx, s)
		if err == nil && way == petition.WayWeb && i%9 != 0 {
			err = a.roll.Confirm(ctx, added.Number)
		}
		if err != nil {
			return fmt.Errorf("make a sample signature: %w", err)
		}
	}
	if err := a.loadWaiting(ctx, now); err != nil {
		return fmt.Errorf("make what waits: %w", err)
	}
	return a.loadSheets(ctx, now)
}

// loadWaiting has a fax and a reply wait for a person.
func (a *app) loadWaiting(ctx context.Context, now time.Time) error {
	reply := petition.Waiting{ID: a.roll.WaitingID(petition.WayReply, []byte("sample")), Way: petition.WayReply, At: now.Add(-2 * time.Hour),
		From: address.Canonical(address.SMS, "+821000000009"), Text: "서명하고 싶은데 어떻게 하나요? 저희 어머니도 함께 하시겠답니다."}
	_, err := a.roll.Keep(ctx, reply, nil)
	if err == nil {
		_, _, err = incoming.TakeFax(ctx, a.roll, incoming.Example, "+82 2 6200 0011")
	}
	return err
}

// loadSheets issues sheets to a few schools: some are counted, one by two, some late.
func (a *app) loadSheets(ctx context.Context, now time.Time) error {
	for i, school := range sampleSchool {
		due := now.Add(time.Duration(i-2) * 48 * time.Hour)
		made, err := a.roll.Issue(ctx, 4, petition.Sheet{Lines: 10 + 10*(i%2), Print: petition.PrintNormal, Volunteer: 1, Label: strings.TrimSpace(school), Due: due})
		for j, s := range made {
			if err == nil && j > 0 {
				err = a.roll.Mark(ctx, s.Number, petition.SheetOut)
			}
			if err == nil && j > 1 {
				err = a.roll.Mark(ctx, s.Number, petition.SheetBack)
			}
			if err == nil && j > 2 {
				err = a.roll.Count(ctx, s.Number, 7+i%4, 2)
			}
			if err == nil && j > 2 && i == 0 {
				err = a.roll.CountAgain(ctx, s.Number, 6, 3)
			}
		}
		if err != nil {
			return fmt.Errorf("make sample sheets: %w", err)
		}
	}
	return nil
}
