// A client by nats.go: caller URL [subject payload]... prints as JSON the services that it finds, and what each call gave.
package main

import (
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

type reply struct {
	Code        string `json:"code"`
	Description string `json:"description"`
	Body        string `json:"body"`
}

type report struct {
	Pings   []micro.Ping  `json:"pings"`
	Infos   []micro.Info  `json:"infos"`
	Stats   []micro.Stats `json:"stats"`
	Replies []reply       `json:"replies"`
}

func main() {
	nc, err := nats.Connect(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	var out report
	for calls := os.Args[2:]; len(calls) > 1; calls = calls[2:] {
		message, err := nc.Request(calls[0], []byte(calls[1]), 5*time.Second)
		if err != nil {
			log.Fatalf("%s: %v", calls[0], err)
		}
		out.Replies = append(out.Replies, reply{
			Code:        message.Header.Get(micro.ErrorCodeHeader),
			Description: message.Header.Get(micro.ErrorHeader),
			Body:        string(message.Data),
		})
	}
	out.Pings = gather[micro.Ping](nc, micro.PingVerb)
	out.Infos = gather[micro.Info](nc, micro.InfoVerb)
	out.Stats = gather[micro.Stats](nc, micro.StatsVerb)
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}

// gather asks every service, and takes what comes until nothing has come for 300 ms.
func gather[T any](nc *nats.Conn, verb micro.Verb) []T {
	subject, err := micro.ControlSubject(verb, "", "")
	if err != nil {
		log.Fatal(err)
	}
	inbox := nc.NewInbox()
	subscription, err := nc.SubscribeSync(inbox)
	if err != nil {
		log.Fatal(err)
	}
	if err := nc.PublishRequest(subject, inbox, nil); err != nil {
		log.Fatal(err)
	}
	answers := []T{}
	for {
		message, err := subscription.NextMsg(300 * time.Millisecond)
		if err != nil {
			return answers
		}
		var answer T
		if err := json.Unmarshal(message.Data, &answer); err != nil {
			log.Fatalf("%s: %v: %s", subject, err, message.Data)
		}
		answers = append(answers, answer)
	}
}
