// SPDX-License-Identifier: Apache-2.0

// TlsPeer server PORT none|want|need, or TlsPeer client PORT KEYS VERSION..., or TlsPeer ech PORT none|want KEYS
// accepted|stale: one connection for each VERSION; KEYS are NAME.pem and NAME.key, or "-". Nothing is verified, but for
// the public name where Encrypted ClientHello is refused. Only the standard library.
package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"time"
)

var versions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func identity(name string) []tls.Certificate {
	if name == "-" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(name+".pem", name+".key")
	must(err)
	return []tls.Certificate{pair}
}

func serverConfig(ask string) *tls.Config {
	config := &tls.Config{Certificates: identity("p256"), MinVersion: tls.VersionTLS12}
	switch ask {
	case "want":
		config.ClientAuth = tls.RequestClientCert
	case "need":
		config.ClientAuth = tls.RequireAnyClientCert
	}
	return config
}

func serve(listener net.Listener, config *tls.Config) {
	for {
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			connection := tls.Server(raw, config)
			defer connection.Close()
			question := make([]byte, 100)
			if _, err := connection.Read(question); err == nil {
				connection.Write([]byte("ok\n"))
			}
		}()
	}
}

func ask(port string, config *tls.Config) {
	connection, err := tls.Dial("tcp", "127.0.0.1:"+port, config)
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(5 * time.Second))
	connection.Write([]byte("Q\n"))
	connection.Read(make([]byte, 100))
}

func client(port string, keys string, wanted []string) {
	for _, each := range wanted {
		version := versions[each]
		ask(port, &tls.Config{InsecureSkipVerify: true, Certificates: identity(keys), MinVersion: version,
			MaxVersion: version, ServerName: "go.shop"})
	}
}

func vector(bytes []byte) []byte {
	return append([]byte{byte(len(bytes) >> 8), byte(len(bytes))}, bytes...)
}

// An ECHConfig of RFC 9849: DHKEM(X25519), HKDF-SHA256, AES-128-GCM.
func echConfig(id byte, key *ecdh.PrivateKey, name string) []byte {
	contents := append([]byte{id, 0, 0x20}, vector(key.PublicKey().Bytes())...)
	contents = append(contents, vector([]byte{0, 1, 0, 1})...)
	contents = append(contents, 0, byte(len(name)))
	contents = append(append(contents, name...), 0, 0)
	return append([]byte{0xfe, 0x0d}, vector(contents)...)
}

func encrypted(port string, request string, keys string, state string) {
	own, err := ecdh.X25519().GenerateKey(rand.Reader)
	must(err)
	config := echConfig(7, own, "p256.shop")
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	must(err)
	asking := serverConfig(request)
	asking.EncryptedClientHelloKeys = []tls.EncryptedClientHelloKey{
		{Config: config, PrivateKey: own.Bytes(), SendAsRetry: true}}
	go serve(listener, asking)
	known := config
	if state == "stale" {
		other, err := ecdh.X25519().GenerateKey(rand.Reader)
		must(err)
		known = echConfig(7, other, "p256.shop")
	}
	roots := x509.NewCertPool()
	authority, err := os.ReadFile("ca.pem")
	must(err)
	roots.AppendCertsFromPEM(authority)
	ask(port, &tls.Config{RootCAs: roots, InsecureSkipVerify: state != "stale", Certificates: identity(keys),
		MinVersion: tls.VersionTLS13, ServerName: "secret.shop", EncryptedClientHelloConfigList: vector(known)})
	listener.Close()
}

func main() {
	port := os.Args[2]
	switch os.Args[1] {
	case "server":
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		must(err)
		serve(listener, serverConfig(os.Args[3]))
	case "client":
		client(port, os.Args[3], os.Args[4:])
	case "ech":
		encrypted(port, os.Args[3], os.Args[4], os.Args[5])
	}
}
