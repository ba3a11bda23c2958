// A service by nats.go's micro, which adds. It runs until its standard input ends.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

type operands struct {
	A *float64 `json:"a"`
	B *float64 `json:"b"`
}

func main() {
	nc, err := nats.Connect(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	service, err := micro.AddService(nc, micro.Config{Name: "go-adder", Version: "1.2.3", Description: "Adds, in Go"})
	if err != nil {
		log.Fatal(err)
	}
	if err := service.AddGroup("go").AddEndpoint("add", micro.HandlerFunc(add)); err != nil {
		log.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func add(request micro.Request) {
	var in operands
	if err := json.Unmarshal(request.Data(), &in); err != nil || in.A == nil || in.B == nil {
		_ = request.Error("400", "two numbers are needed", []byte(`{"needed":["a","b"]}`))
		return
	}
	_ = request.RespondJSON(*in.A + *in.B)
}
