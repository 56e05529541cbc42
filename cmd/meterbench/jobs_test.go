package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"meterbench/internal/race"
)

// The types of Kubernetes that examples/kubernetes uses, with those fields that it does: what else is in the file is refused.
type (
	meta struct {
		Name   string
		Labels map[string]string
	}
	KubeHead struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   meta
	}
	kubeService struct {
		KubeHead `yaml:",inline"`
		Spec     struct {
			ClusterIP                string            `yaml:"clusterIP"`
			PublishNotReadyAddresses bool              `yaml:"publishNotReadyAddresses"`
			Selector                 map[string]string `yaml:"selector"`
		}
	}
	kubeClaim struct {
		KubeHead `yaml:",inline"`
		Spec     struct {
			AccessModes []string `yaml:"accessModes"`
			Resources   kubeResources
		}
	}
	kubeJob struct {
		KubeHead `yaml:",inline"`
		Spec     struct {
			CompletionMode string `yaml:"completionMode"`
			Completions    int
			Parallelism    int
			BackoffLimit   *int `yaml:"backoffLimit"`
			Template       struct {
				Metadata meta
				Spec     kubePod
			}
		}
	}
	kubePod struct {
		Subdomain     string
		RestartPolicy string `yaml:"restartPolicy"`
		Affinity      struct {
			PodAntiAffinity struct {
				Required []struct {
					TopologyKey   string `yaml:"topologyKey"`
					LabelSelector struct {
						MatchLabels map[string]string `yaml:"matchLabels"`
					} `yaml:"labelSelector"`
				} `yaml:"requiredDuringSchedulingIgnoredDuringExecution"`
			} `yaml:"podAntiAffinity"`
		}
		Containers []struct {
			Name          string
			Image         string
			Command, Args []string
			Env           []kubeEnv
			Resources     kubeResources
			VolumeMounts  []struct {
				Name      string
				MountPath string `yaml:"mountPath"`
			} `yaml:"volumeMounts"`
		}
		Volumes []struct {
			Name      string
			ConfigMap *struct{ Name string } `yaml:"configMap"`
			Claim     *struct {
				ClaimName string `yaml:"claimName"`
			} `yaml:"persistentVolumeClaim"`
		}
	}
	kubeEnv struct {
		Name, Value string
		ValueFrom   *struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	kubeResources struct{ Requests map[string]string }
)

// The Indexed Job fits together, and what its containers run is a run with workers.
func TestKubernetesJob(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	f, err := os.Open(filepath.Join("..", "..", "examples", "kubernetes", "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var service kubeService
	var claim kubeClaim
	var job kubeJob
	decoder := yaml.NewDecoder(f, yaml.Strict())
	if err := errors.Join(decoder.Decode(&service), decoder.Decode(&claim), decoder.Decode(&job)); err != nil {
		t.Fatal(err)
	}
	if err := decoder.Decode(&struct{}{}); err != io.EOF {
		t.Errorf("there is more: %v", err)
	}
	for head, want := range map[kubeKind]kubeKind{
		{service.APIVersion, service.Kind}: {"v1", "Service"}, {claim.APIVersion, claim.Kind}: {"v1", "PersistentVolumeClaim"},
		{job.APIVersion, job.Kind}: {"batch/v1", "Job"},
	} {
		if head != want {
			t.Errorf("%v, want %v", head, want)
		}
	}
	spec, pod := job.Spec, job.Spec.Template.Spec
	container := pod.Containers[0]
	env := map[string]string{}
	for _, e := range container.Env {
		if env[e.Name] = e.Value; (e.Value == "") != (e.ValueFrom != nil) {
			t.Errorf("the variable %s has no value, or two", e.Name)
		}
	}
	labels, apart := spec.Template.Metadata.Labels["app"], pod.Affinity.PodAntiAffinity.Required
	for what, is := range map[string]bool{
		"indexed":                        spec.CompletionMode == "Indexed",
		"all at once, as the size says":  spec.Parallelism == spec.Completions && env["METERBENCH_SIZE"] == strconv.Itoa(spec.Completions),
		"once":                           spec.BackoffLimit != nil && *spec.BackoffLimit == 0 && pod.RestartPolicy == "Never",
		"pods have names in the service": pod.Subdomain == service.Metadata.Name && service.Spec.ClusterIP == "None" && service.Spec.Selector["app"] == labels,
		"names before they are ready":    service.Spec.PublishNotReadyAddresses,
		"the coordinator's name":         env["COORDINATOR"] == job.Metadata.Name+"-0."+service.Metadata.Name+env["LISTEN"],
		"one pod on a node":              len(apart) == 1 && apart[0].LabelSelector.MatchLabels["app"] == labels && labels != "",
		"many nodes mount the results":   slices.Contains(claim.Spec.AccessModes, "ReadWriteMany"),
		"a volume for each mount":        len(pod.Volumes) == 2 && pod.Volumes[0].Name == container.VolumeMounts[0].Name && pod.Volumes[1].Name == container.VolumeMounts[1].Name,
		"the claim":                      pod.Volumes[1].Claim != nil && pod.Volumes[1].Claim.ClaimName == claim.Metadata.Name,
		"where the scenario is":          strings.HasPrefix(env["SCENARIO"], container.VolumeMounts[0].MountPath+"/"),
		"where results go":               env["RESULTS"] == container.VolumeMounts[1].MountPath,
	} {
		if !is {
			t.Errorf("it is not so: %s", what)
		}
	}

	temp, out := t.TempDir(), t.TempDir()
	path := onPath(t)
	credentials := filepath.Join(temp, "workers.pem")
	if p, code := command(t, temp, "worker", "--new-credentials", credentials); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	secret, err := os.ReadFile(credentials)
	if err != nil {
		t.Fatal(err)
	}
	address := unusedAddress(t)
	env["LISTEN"], env["COORDINATOR"], env["SCENARIO"], env["RESULTS"] = address, address, sharedFile(t, "1s"), out
	env["METERBENCH_CREDENTIALS"], env["PATH"], env["TMPDIR"] = string(secret), path, temp
	var pods []*program
	for index := range spec.Completions {
		cmd := exec.Command(container.Command[0], slices.Concat(container.Command[1:], container.Args)...)
		cmd.Env, cmd.WaitDelay = append(os.Environ(), "JOB_COMPLETION_INDEX="+strconv.Itoa(index)), 10*time.Second
		for key, value := range env {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		pods = append(pods, startCommand(t, cmd))
	}
	for _, p := range pods {
		if code := p.exit(t); code != exitOK {
			t.Errorf("exit code %d\n%s", code, &p.stderr)
		}
	}
	sharedRun(t, out, 1, 2, 3)
}

// A kubeKind says what an object is.
type kubeKind struct{ version, kind string }

// onPath returns a PATH on which meterbench is this program.
func onPath(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := copyProgram(filepath.Join(dir, "meterbench")); err != nil {
		t.Fatal(err)
	}
	return dir + ":" + os.Getenv("PATH")
}
