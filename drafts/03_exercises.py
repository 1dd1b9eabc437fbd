from common import *
sub=mnist.Split(data.train.images[:9984],data.train.labels[:9984])
def go(build,settings,n=4):
    for st,_,h in training.sweep(build,settings,sub,data.validation,epochs=n,seed=0): print(st[1:] if not isinstance(st[0],str) else st,h.history['val_accuracy'],flush=True)
print('ex1 xavier/he depth 20 Adam')
for init in (xavier,he):
    print(init.__name__); go(lambda s:(MLP([784]+[64]*20+[10],s[2],init=init),Adam(s[1])),[(0,r,sd) for r in (.001,.003) for sd in (0,1)])
class SmallSGD(SGD):
    def apply(self,g,v): super().apply([x/1000 for x in g],v)
class SmallAdam(Adam):
    def apply(self,g,v): super().apply([x/1000 for x in g],v)
print('ex2')
for nm,mk in (('sgd',lambda:SGD(.1)),('sgd/1000',lambda:SmallSGD(.1)),('sgd/1000 rate 100',lambda:SmallSGD(100.)),('adam',lambda:Adam(.001)),('adam/1000',lambda:SmallAdam(.001))):
    go(lambda s:(MLP([784,128,128,10],s[1]),mk()),[(nm,0),(nm,1)],3)
